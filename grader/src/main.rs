//! `grade server|client [TRANSCRIPT]... -- COMMAND [ARG]...`: plays transcripts and says how it went.

mod args;

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
    process::{self, ExitCode},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use args::{Play, Task};
use grader::{end_everything, listing, play_all, results, summary, verdict};
use protocol::cli;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// Not all passed.
const FAILED: u8 = 1;
/// The command line is wrong, or a transcript cannot be read. The message says where.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    match args::read(std::env::args_os().skip(1)) {
        Ok(Task::Show(text)) => show(&text),
        Ok(Task::List(scripts)) => show(&listing(&scripts)),
        Ok(Task::Play(play)) => run(&play),
        Err(error) => {
            complain(&format!("{error}\n{}", args::PROGRAM.usage()));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

/// Whether the grader is being ended; what fails from then on is nobody's failure.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A grader that is ended itself still ends what it has started: that is in groups of its own, which
/// Ctrl-C does not reach.
fn end_with_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            INTERRUPTED.store(true, Ordering::SeqCst);
            end_everything();
            process::exit(128 + signal);
        }
    };
    thread::Builder::new().spawn(wait).map(drop)
}

fn run(play: &Play) -> ExitCode {
    if let Err(error) = end_with_signals() {
        complain(&format!("cannot wait for signals: {error}"));
    }
    // Before an hour of grading, not after it.
    if let Some(path) = &play.json
        && let Err(error) = OpenOptions::new().append(true).create(true).open(path)
    {
        return cannot_write(path, &error);
    }
    let mut played = Vec::new();
    play_all(
        &play.scripts,
        &play.examinee,
        play.patience,
        play.jobs,
        |script, outcome| {
            while INTERRUPTED.load(Ordering::SeqCst) {
                thread::park(); // until the process exits
            }
            // Nobody may be reading it; the results are still to be written.
            let _ = cli::print(&verdict(script, &outcome));
            played.push((script.clone(), outcome));
        },
    );
    if let Some(path) = &play.json
        && let Err(error) = fs::write(path, results(&played, play.visibility))
    {
        return cannot_write(path, &error);
    }
    let _ = cli::print(&summary(&played));
    match played.iter().all(|(_, outcome)| outcome.passed()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> ExitCode {
    complain(&format!("{}: {error}", path.display()));
    ExitCode::from(WRONG_USAGE)
}

/// Writes what was asked for.
fn show(text: &str) -> ExitCode {
    match cli::print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("cannot write to standard output: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "grade: {what}");
}
