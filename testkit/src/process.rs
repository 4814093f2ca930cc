//! What the system says about a process. Linux only, as /proc is.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::PATIENCE;

/// How many threads a process has.
pub fn threads(process: u32) -> usize {
    entries(process, "task")
}

/// How many descriptors a process has open.
pub fn descriptors(process: u32) -> usize {
    entries(process, "fd")
}

/// The resident memory of a process, in KiB.
pub fn resident_kib(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("VmRSS");
    line.trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number")
}

/// The time that a process has spent computing, in user and in kernel mode.
pub fn cpu_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    let ticks: u64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().expect("a number"))
        .sum();
    Duration::from_millis(ticks * 10)
}

/// Waits until something is so that nothing announces.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn entries(process: u32, what: &str) -> usize {
    fs::read_dir(format!("/proc/{process}/{what}"))
        .expect("a running process")
        .count()
}
