//! The log: one line an event, on standard error.

use std::{
    io::{self, IsTerminal, Write},
    thread,
};

use chrono::Local;
use env_logger::Env;
use log::Level;
use protocol::{Printable, cli};

/// Starts the log, at level info unless `RUST_LOG` says otherwise.
///
/// A line is time, level, thread and what happened. Whatever a client put into the last part is
/// escaped here, for all of them at once: no client can forge a line. On a terminal the level is in
/// colour, and time and thread stand back.
pub(crate) fn init() {
    let colour = io::stderr().is_terminal() && cli::wants_colour();
    env_logger::Builder::from_env(Env::default().default_filter_or("info"))
        .format(move |line, record| {
            let time = Local::now().format("%Y-%m-%d %H:%M:%S%.3f");
            let thread = thread::current();
            let thread = thread.name().unwrap_or("?");
            let what = record.args().to_string();
            let level = record.level();
            let (dim, strong, off) = match colour {
                true => ("\x1b[2m", colour_of(level), "\x1b[0m"),
                false => ("", "", ""),
            };
            writeln!(
                line,
                "{dim}{time}{off} {strong}{level:5}{off} {dim}{thread}:{off} {}",
                Printable(&what)
            )
        })
        .init();
}

const fn colour_of(level: Level) -> &'static str {
    match level {
        Level::Error => "\x1b[1;31m",
        Level::Warn => "\x1b[1;33m",
        Level::Info => "\x1b[32m",
        Level::Debug => "\x1b[36m",
        Level::Trace => "\x1b[2m",
    }
}
