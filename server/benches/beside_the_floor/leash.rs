//! Programs that end with this one, however it ends, and that have so many descriptors.

use std::{
    env,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit,
};

/// The hidden argument for: take the leash, then become the program that follows.
pub(crate) const ROLE: &str = "take-the-leash";

/// The descriptors each process may have: what the row about descriptors is about.
pub(crate) const DESCRIPTORS: u64 = 20_000;

/// Starts a program on the leash, its input and output on pipes. Its log goes nowhere: it is
/// written, as in earnest, but nobody's terminal is measured.
pub(crate) fn start(words: &[&str]) -> Child {
    let own = env::current_exe().expect("this program's path");
    Command::new(own)
        .arg(ROLE)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

/// Starts this very program in another role.
pub(crate) fn start_own(words: &[&str]) -> Child {
    let own = env::current_exe().expect("this program's path");
    let own = own.to_str().expect("UTF-8");
    start(&[&[own], words].concat())
}

/// In the new process: what the system does to a process whose parent is gone outlives `exec`.
pub(crate) fn run(words: &[String]) {
    set_parent_process_death_signal(Some(Signal::KILL)).expect("the leash");
    raise_descriptors();
    let error = Command::new(&words[0]).args(&words[1..]).exec();
    panic!("cannot start {}: {error}", words[0]);
}

/// Allows as many descriptors as the rows need, if the machine does; says how many.
pub(crate) fn raise_descriptors() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = DESCRIPTORS.min(maximum.unwrap_or(u64::MAX));
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(current),
            maximum,
        },
    )
    .expect("a limit below the hard one");
    current
}
