//! Renders one typical report again and again; prints milliseconds per report and writes the last.
//! `cargo run --release -p evidence --example pdf_speed -- [ROWS] [FILE]`

#[path = "../tests/kit/sample.rs"]
mod sample;

use evidence::package::ReportWanted;
use evidence::report;
use std::time::Instant;

const RENDERINGS_COUNT: u32 = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let row_count = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let file = arguments.next();
    let input = sample::answer(row_count, ReportWanted::Pdf);
    let mut bytes = report::render(&input)?;
    let start = Instant::now();
    for _ in 0..RENDERINGS_COUNT {
        bytes = report::render(&input)?;
    }
    let milliseconds = start.elapsed().as_secs_f64() * 1e3 / f64::from(RENDERINGS_COUNT);
    println!("{row_count} rows: {milliseconds:.2} ms a report, {} bytes", bytes.len());
    if let Some(file) = file {
        std::fs::write(file, bytes)?;
    }
    Ok(())
}
