//! What the kernel says about this process: wall and processor time, memory, bytes on disk.
#![allow(dead_code, reason = "each bench uses a part")]

use std::path::Path;
use std::time::Instant;

/// Seconds that pass and seconds that a processor works, of the thread that asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    pub wall: f64,
    pub cpu: f64,
}

impl Meter {
    /// Runs something and measures it.
    pub fn of(run: impl FnOnce()) -> Meter {
        let (cpu, started) = (thread_cpu_seconds(), Instant::now());
        run();
        Meter { wall: started.elapsed().as_secs_f64(), cpu: thread_cpu_seconds() - cpu }
    }

    /// Adds another measurement.
    pub fn add(&mut self, other: Meter) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

/// Processor time of this thread; 0 where the kernel keeps no such count.
fn thread_cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|text| text.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e9
}

/// Seconds of processor time this process has used, ended threads included, from the kernel's clock
/// ticks of 1/100 s.
pub fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of `/proc/self/status` in GB: `RssAnon` is what cannot be dropped, `VmRSS` has mapped
/// files in it, `VmHWM` is the most of that so far.
pub fn memory_gb(line: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = text.lines().find_map(|other| other.strip_prefix(line)?.strip_prefix(':'));
    let kib = found.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0 / 1e9
}

/// The middle of some figures.
pub fn median(figures: Vec<f64>) -> f64 {
    quantile(&figures, 0.5)
}

/// The figure below which this part of them lies.
pub fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() as f64 * part) as usize).min(sorted.len() - 1)]
}

/// Bytes of all files in a folder and below it.
pub fn bytes_below(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => bytes_below(&entry.path()),
        Ok(facts) => facts.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}
