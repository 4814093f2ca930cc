//! The log: one line an event, on standard error.

use std::{io::Write, thread};

use chrono::Local;
use env_logger::Env;
use protocol::Printable;

/// Starts the log, at level info unless `RUST_LOG` says otherwise.
///
/// A line is time, level, thread and what happened. Whatever a client put into the last part is
/// escaped here, for all of them at once: no client can forge a line.
pub(crate) fn init() {
    env_logger::Builder::from_env(Env::default().default_filter_or("info"))
        .format(|line, record| {
            let time = Local::now().format("%Y-%m-%d %H:%M:%S%.3f");
            let thread = thread::current();
            let thread = thread.name().unwrap_or("?");
            let what = record.args().to_string();
            writeln!(
                line,
                "{time} {:5} {thread}: {}",
                record.level(),
                Printable(&what)
            )
        })
        .init();
}
