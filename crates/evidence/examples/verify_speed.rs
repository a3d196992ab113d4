//! Verifies one sound package again and again, in memory, with all anchors; prints packages per
//! second with and without the PDF.
//! `cargo run --release -p evidence --example verify_speed -- [ROWS]`

#[path = "../tests/kit/mod.rs"]
mod kit;

use evidence::package::ReportWanted;
use std::time::Instant;

const VERIFICATIONS_COUNT: u32 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let row_count = std::env::args().nth(1).map_or(Ok(60), |text| text.parse())?;
    let kit = kit::Kit::new();
    let anchors = kit.anchors();
    for (name, report) in [("with PDF", ReportWanted::Pdf), ("without", ReportWanted::None)] {
        let bytes = kit.sound_zip(kit::sample::answer(row_count, report));
        let start = Instant::now();
        for _ in 0..VERIFICATIONS_COUNT {
            let report = kit::check(&bytes, &anchors);
            assert_eq!(report.exit_code(), 0, "{report}");
        }
        let rate = f64::from(VERIFICATIONS_COUNT) / start.elapsed().as_secs_f64();
        println!("{row_count} rows, {name}: {} bytes, {rate:.0} packages/s", bytes.len());
    }
    Ok(())
}
