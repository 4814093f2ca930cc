//! The few numbers that stand for many.

use std::time::Duration;

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// What this part of them do not exceed, in microseconds.
pub(crate) fn percentile(latencies: &mut [Duration], part: f64) -> f64 {
    latencies.sort_unstable();
    let index = (latencies.len() as f64 * part) as usize;
    let index = index.min(latencies.len() - 1);
    latencies[index].as_secs_f64() * 1e6
}
