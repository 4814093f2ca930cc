//! The real server, as a process.

use std::{net::SocketAddr, process::Command};

use crate::{Peer, Program, TempFile, Transcript, User, process::threads, users_file};

/// A running server at a free port of 127.0.0.1; it is ended with the test.
pub struct Server {
    program: Program,
    address: SocketAddr,
    threads_at_rest: usize,
    _users: TempFile,
}

/// The password of a user of [`users_file`].
pub fn password(name: &str) -> String {
    format!("{name}-secret")
}

impl Server {
    /// Starts the server binary at `path` with these options and the users of [`users_file`].
    pub fn start(path: &str, options: &[&str]) -> Self {
        Self::start_for(path, options, users_file(64))
    }

    /// Starts the server binary with these options and users.
    pub fn start_for(path: &str, options: &[&str], users: TempFile) -> Self {
        Self::start_with(Command::new(path), "0", options, users)
    }

    /// Starts what runs the server binary, at this port, with these options and users.
    pub fn start_with(mut command: Command, port: &str, options: &[&str], users: TempFile) -> Self {
        command
            .arg(port)
            .arg(users.path())
            .args(["--bind", "127.0.0.1"])
            .args(options);
        let mut program = Program::start_with(&mut command);
        let line = program.output.until("\n");
        let address = line
            .trim()
            .strip_prefix("Listening on ")
            .expect("the line of a server");
        let address = address.parse().expect("an address");
        let threads_at_rest = threads(program.id());
        Self {
            program,
            address,
            threads_at_rest,
            _users: users,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// How many threads it has more than when nobody was there.
    pub fn sessions(&self) -> usize {
        threads(self.id()).saturating_sub(self.threads_at_rest)
    }

    /// Its log.
    pub fn log(&mut self) -> &mut Transcript {
        &mut self.program.errors
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.program.kill();
    }

    /// A raw connection La.
    pub fn dial(&self) -> Peer {
        Peer::connect(self.address)
    }

    /// A user of [`users_file`], online.
    pub fn user(&self, name: &str) -> User {
        User::log_in(self.dial(), name)
    }
}
