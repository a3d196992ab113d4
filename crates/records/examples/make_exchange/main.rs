//! Writes `examples/exchange/records/*.csv` anew: `cargo run -p records --example make_exchange`.

mod generate;

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange/records");
    std::fs::create_dir_all(&folder)?;
    let landing = generate::landing(bitcoin_test_data::blocks::mainnet_702861());
    println!("{landing:?} goes to {}", generate::account_id(generate::DEMO_CUSTOMER));
    for (name, text) in generate::files(&landing) {
        println!("{:>9} bytes {name}", text.len());
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
