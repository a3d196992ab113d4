//! Prints what was measured, and what of it the machine's own limits explain.

use std::time::Duration;

use crate::machine::{self, Limits, Stored};
use crate::story::{STEPS, Told};

/// Rates and times of a run.
pub fn times(told: &Told) {
    let wall = told.wall.as_secs_f64();
    let count = told.requests.len() as f64;
    println!(
        "{:.0} requests/s, {:.0} events/s: {} events in {wall:.1} s wall, {:.1} CPU s \
         ({:.2} ms a request)",
        count / wall,
        told.events as f64 / wall,
        told.events,
        told.cpu_seconds,
        told.cpu_seconds / count * 1e3,
    );
    println!("load average after: {}", machine::load());
    println!("{:<24} {:>10} {:>10}", "act", "p50", "p99");
    for (step, times) in STEPS.iter().zip(&told.times) {
        let mut times = times.clone();
        times.sort_unstable();
        let at =
            |share: usize| milliseconds(times[(times.len() * share / 100).min(times.len() - 1)]);
        println!("{step:<24} {:>10} {:>10}", at(50), at(99));
    }
    for (done, now, peak) in &told.memory {
        println!("memory after {done} requests: {now} now, {peak} at the peak");
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// What each limit of the machine explains of the run's wall time.
pub fn limits(told: &Told, stored: &Stored, limits: &Limits) {
    let wall = told.wall.as_secs_f64();
    let count = told.requests.len() as f64;
    let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
    println!(
        "store: {} rows, {:.1} MB ({:.1} KB a request), {} commits of {:.0} events",
        stored.rows,
        stored.bytes as f64 / 1e6,
        stored.bytes as f64 / 1e3 / count,
        stored.commits,
        told.events as f64 / stored.commits as f64,
    );
    let share =
        |seconds: f64| format!("{seconds:.1} s, {:.0} % of the wall", seconds / wall * 100.0);
    println!("limits of this machine, measured alone after the run:");
    println!(
        "  bare SQLite: {:.0} rows/s of this size in groups of 512; these rows: {}",
        limits.rows_per_second,
        share(stored.rows as f64 / limits.rows_per_second),
    );
    // One sync of the log and one of the kept checkpoint for each commit; they overlap.
    println!(
        "  fdatasync: {:.0}/s of an appended page; two for each commit: {}",
        limits.syncs_per_second,
        share(stored.commits as f64 * 2.0 / limits.syncs_per_second),
    );
    match limits.signs_per_second {
        Some(rate) => println!(
            "  openssl ECDSA P-256: {rate:.0} signatures/s on a core; one each: {}",
            share(count / rate)
        ),
        None => println!("  openssl is not here: no signing rate"),
    }
    println!(
        "  processor: {:.0} % of {cores} cores were ours",
        told.cpu_seconds / wall / cores * 100.0
    );
}
