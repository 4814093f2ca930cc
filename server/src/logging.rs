//! The log: one line an event, on standard error, written by a thread of its own.
//!
//! A user is a thread, and what a thread once needed stays with it: its stack grows to the deepest
//! call, and a time zone or a line's buffer is kept for each thread that ever formatted a line. So
//! who has something to say hands it over, and one thread does the rest for all.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write as _},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, Thread},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Local};
use env_logger::{Env, Logger};
use log::{Level, Log, Metadata, Record};
use protocol::{Printable, cli};

/// Lines that may wait to be written. What is more is lost, and its number written in its place:
/// standard error that nobody reads must not stop a server.
const WAITING: usize = 1_024;

/// Lines that come in a heap go out in one call, up to about this many bytes.
const HEAP: usize = 1 << 14;

/// The pause after writing. What comes meanwhile is written together, and nobody who logs has to
/// wake the writing thread for it, which costs more than the line.
const BREATH: Duration = Duration::from_millis(1);

/// Starts the log, at level info unless `RUST_LOG` says otherwise.
///
/// # Errors
/// If there is no thread for it.
pub(crate) fn init() -> io::Result<()> {
    let filter = env_logger::Builder::from_env(Env::default().default_filter_or("info")).build();
    let level = filter.filter();
    let (events, waiting) = sync_channel(WAITING);
    let log = thread::Builder::new().name("log".to_owned());
    let colour = io::stderr().is_terminal() && cli::wants_colour();
    let lost = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lost);
    log.spawn(move || write_all(&waiting, &counted, colour))?;
    // Fails if there is a log already; then that one stays.
    if log::set_boxed_logger(Box::new(Hand {
        filter,
        events,
        lost,
    }))
    .is_ok()
    {
        log::set_max_level(level);
    }
    Ok(())
}

/// What happened, when, and to whom.
struct Event {
    time: SystemTime,
    level: Level,
    thread: Thread,
    what: String,
}

/// Takes events from all threads.
struct Hand {
    filter: Logger,
    events: SyncSender<Event>,
    lost: Arc<AtomicUsize>,
}

impl Log for Hand {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if self.filter.matches(record) {
            let event = Event {
                time: SystemTime::now(),
                level: record.level(),
                thread: thread::current(),
                what: record.args().to_string(),
            };
            if self.events.try_send(event).is_err() {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn flush(&self) {}
}

/// Writes what happens, until nobody is left to whom it could.
fn write_all(events: &Receiver<Event>, lost: &AtomicUsize, colour: bool) {
    let mut lines = String::new();
    while let Ok(event) = events.recv() {
        lines.clear();
        event.write(&mut lines, colour);
        while lines.len() < HEAP
            && let Ok(event) = events.try_recv()
        {
            event.write(&mut lines, colour);
        }
        match lost.swap(0, Ordering::Relaxed) {
            0 => {}
            // Writing to a `String` cannot fail.
            count => drop(writeln!(lines, "({count} lines of the log are lost)")),
        }
        // Nobody may be reading it; that stops no server.
        let _ = io::stderr().write_all(lines.as_bytes());
        thread::sleep(BREATH);
    }
}

impl Event {
    /// Adds a line: time, level, thread and what happened. Whatever a client put into the last part
    /// is escaped here, for all of them at once: no client can forge a line. In colour, the level
    /// stands out, and time and thread stand back.
    fn write(&self, lines: &mut String, colour: bool) {
        let time = DateTime::<Local>::from(self.time).format("%Y-%m-%d %H:%M:%S%.3f");
        let (level, what) = (self.level, Printable(&self.what));
        let thread = self.thread.name().unwrap_or("?");
        let (dim, strong, off) = match colour {
            true => ("\x1b[2m", colour_of(level), "\x1b[0m"),
            false => ("", "", ""),
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            lines,
            "{dim}{time}{off} {strong}{level:5}{off} {dim}{thread}:{off} {what}"
        );
    }
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
