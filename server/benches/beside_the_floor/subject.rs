//! A program under measurement: the server or the floor.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::Child,
    time::Duration,
};

use testkit::{TempFile, resident_kib};

use crate::{floor, leash};

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Floor,
}

/// One of the two, running; it ends with this value.
pub(crate) struct Subject {
    child: Child,
    address: SocketAddr,
}

impl Subject {
    /// Starts it. The floor has to be told how many pairs there will be.
    pub(crate) fn start(side: Side, users: &TempFile, pairs: usize) -> Self {
        let mut child = match side {
            Side::Server => leash::start(&[
                env!("CARGO_BIN_EXE_server"),
                "0",
                users.path().to_str().expect("UTF-8"),
                "--bind",
                "127.0.0.1",
                // Descriptors are to be what runs out.
                "--max-clients",
                "100000",
            ]),
            Side::Floor => leash::start_own(&[floor::ROLE, &pairs.to_string()]),
        };
        let mut line = String::new();
        let output = child.stdout.as_mut().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("Listening on ");
        let address = address.and_then(|it| it.parse().ok()).expect("an address");
        Self { child, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn resident_kib(&self) -> usize {
        resident_kib(self.child.id())
    }

    /// The processor time that its threads have used, their own and the system's on their behalf.
    /// The system counts it in nanoseconds for a thread, but only in ticks for a process; threads
    /// that have ended are missing, which none does while it is measured here.
    pub(crate) fn cpu(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("a process");
        let spent = threads.map(|thread| {
            let file = thread.expect("a thread").path().join("schedstat");
            let schedstat = fs::read_to_string(file).expect("a thread's times");
            let (running, _) = schedstat.split_once(' ').expect("three numbers");
            Duration::from_nanos(running.parse().expect("nanoseconds"))
        });
        spent.sum()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
