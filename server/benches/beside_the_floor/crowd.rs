//! A process full of users who receive: the descriptors of 10,000 users are more than one process
//! may have, and what the clients cost should not be on the measuring process's threads.

use std::{
    io::{self, BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
    ops::Range,
    process::Child,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    client::{Client, listen},
    leash,
    receivers::acknowledge_all,
};

/// The hidden argument for this role; address, first and last user, manners and logins at once follow.
pub(crate) const ROLE: &str = "be-a-crowd";

/// What they do with what they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    Acknowledge,
    KeepSilent,
}

/// A crowd; it leaves with this value.
pub(crate) struct Crowd {
    child: Child,
    online: usize,
    /// How long logging in took them.
    pub(crate) time: Duration,
}

impl Crowd {
    /// Has these users log in, so many at a time. They stop at the first whom the server cannot take.
    pub(crate) fn start(
        server: SocketAddr,
        users: Range<usize>,
        manners: Manners,
        at_once: usize,
    ) -> Self {
        let mut child = leash::start_own(&[
            ROLE,
            &server.to_string(),
            &users.start.to_string(),
            &users.end.to_string(),
            &at_once.to_string(),
            if manners == Manners::KeepSilent {
                "silent"
            } else {
                ""
            },
        ]);
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let (online, micros) = line.trim().split_once(' ').expect("two numbers");
        Self {
            child,
            online: online.parse().expect("a number"),
            time: Duration::from_micros(micros.parse().expect("a number")),
        }
    }

    /// Has these users log in, all of whom must get in.
    pub(crate) fn of(server: SocketAddr, users: Range<usize>, manners: Manners) -> Self {
        let count = users.len();
        let crowd = Self::start(server, users, manners, 2);
        assert_eq!(crowd.online, count, "not everybody got in");
        crowd
    }

    /// How many are online.
    pub(crate) fn online(&self) -> usize {
        self.online
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // Fails if it has ended; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process.
pub(crate) fn run(words: &[String]) {
    let number = |word: &String| word.parse().expect("a number");
    let server = words[0].parse().expect("an address");
    let users = number(&words[1])..number(&words[2]);
    let start = Instant::now();
    let clients = log_in(server, users, number(&words[3]));
    println!("{} {}", clients.len(), start.elapsed().as_micros());
    let (_las, lbs): (Vec<TcpStream>, Vec<_>) =
        clients.into_iter().map(|it| (it.la, it.lb)).unzip();
    if words[4].is_empty() {
        thread::spawn(move || acknowledge_all(&lbs));
    }
    // Until whoever started it is done with it.
    let _ = io::stdin().read(&mut [0]);
}

fn log_in(server: SocketAddr, users: Range<usize>, at_once: usize) -> Vec<Client> {
    let next = AtomicUsize::new(users.start);
    let full = AtomicBool::new(false);
    let one_by_one = || {
        let listener = listen();
        let mut clients = Vec::new();
        while !full.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= users.end {
                break;
            }
            match Client::log_in(server, number, &listener) {
                Ok(client) => clients.push(client),
                Err(_) => full.store(true, Ordering::Relaxed),
            }
        }
        clients
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(one_by_one)).collect();
        let clients = threads
            .into_iter()
            .map(|thread| thread.join().expect("logins"));
        clients.flatten().collect()
    })
}
