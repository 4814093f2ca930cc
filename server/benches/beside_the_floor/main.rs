//! `cargo bench -p server`: the server beside the least that any thread-per-connection relay costs.
//!
//! The server is the real program; the [`floor`] is a relay that makes only the calls nobody can do
//! without. The same clients talk to both in turn, round after round, and a table compares the two.
//! `docs/benchmarks.md` says how to read it.
//!
//! Options: `-- --quick` for a smoke run, `-- --row WORDS` for the rows whose name has these words.
//! Whatever else this program is started as, it starts itself: see [`leash`].

// What goes wrong here ends the run with a message, as in a test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod client;
mod crowd;
mod floor;
mod leash;
mod options;
mod pairs;
mod receivers;
mod rows;
mod statistics;
mod subject;
mod table;

use std::{env, process, thread, time::Duration};

use options::Options;

/// No run takes as long. What is still running then has lost its way, and ends with this process.
const TOO_LONG: Duration = Duration::from_secs(600);

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some(leash::ROLE) => leash::run(&words[1..]),
        Some(floor::ROLE) => floor::run(&words[1..]),
        Some(crowd::ROLE) => crowd::run(&words[1..]),
        _ => measure(&words),
    }
}

fn measure(words: &[String]) {
    // `cargo test --all-targets` starts benches without this word: then only compiling counts.
    if !words.iter().any(|word| word == "--bench") {
        println!("not measuring: started by something else than `cargo bench`");
        return;
    }
    let options = Options::read(words).unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(2);
    });
    thread::spawn(|| {
        thread::sleep(TOO_LONG);
        eprintln!("given up after {TOO_LONG:?}");
        process::exit(1);
    });
    leash::raise_descriptors();
    rows::measure(&options);
}
