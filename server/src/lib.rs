//! The messenger's server: accept, and a named thread for each client.
//!
//! The way of `/to bob hi`: alice's thread reads it from her La in `session`, finds bob in the
//! `roster`, takes the turn on bob's `link`, writes `/from alice hi` there and reads the receipt,
//! and writes `303` to La. See `docs/architecture.md`.

mod accounts;
mod broadcast;
mod channels;
mod history;
mod history_file;
mod la;
mod link;
mod member;
mod notices;
mod roster;
mod session;
mod system;
mod turn;

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use log::{info, warn};

pub use accounts::{Accounts, AccountsError};
use channels::Channels;
use history::History;
pub use history_file::HistoryFile;
use notices::Notices;
use roster::Roster;

/// A session's stack. The deepest it goes is formatting a line of the log; only what is touched
/// costs memory, the rest is address space.
const STACK: usize = 128 * 1024;

/// How long to wait before trying again when descriptors, memory or threads have run out.
const BREATH: Duration = Duration::from_millis(100);

/// What sessions are bound to: times, counts, and what is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From sending a message to its whole receipt; also how long a reply may wait to be read.
    pub ack_timeout: Duration,
    /// From dialling Lb to its standing.
    pub dial_timeout: Duration,
    /// From accepting La to `101`.
    pub login_timeout: Duration,
    /// From `101` to `201`.
    pub port_timeout: Duration,
    /// Connections La at once.
    pub max_clients: usize,
    /// Whether a second login with the right password ends the first, instead of being refused.
    pub takeover: bool,
    /// Whether `/extend` is refused, and no history kept.
    pub strict: bool,
    /// Messages of one conversation to remember.
    pub history_limit: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ack_timeout: Duration::from_secs(5),
            dial_timeout: Duration::from_secs(5),
            login_timeout: Duration::from_secs(300),
            port_timeout: Duration::from_secs(30),
            max_clients: 10_000,
            takeover: false,
            strict: false,
            history_limit: 1_000,
        }
    }
}

/// The server: what all sessions share.
pub struct Server {
    accounts: Accounts,
    roster: Roster,
    channels: Channels,
    history: History,
    notices: Notices,
    limits: Limits,
    /// How many clients have a thread.
    clients: AtomicUsize,
}

impl Server {
    /// A server with nobody online. What was said in earlier runs, and is said in this one, is in
    /// `history`, if it is to be kept.
    ///
    /// # Errors
    /// If there is no thread to write it.
    pub fn new(
        accounts: Accounts,
        limits: Limits,
        history: Option<HistoryFile>,
    ) -> io::Result<Self> {
        Ok(Self {
            accounts,
            roster: Roster::default(),
            channels: Channels::default(),
            history: History::new(&limits, history)?,
            notices: Notices::default(),
            limits,
            clients: AtomicUsize::new(0),
        })
    }

    /// Serves whoever connects, for ever. The caller binds, so that tests can take any port.
    pub fn run(self, listener: &TcpListener) -> ! {
        let server = Arc::new(self);
        let mut number = 0_u64;
        loop {
            let (la, peer) = accept(listener);
            if server.clients.load(Ordering::Acquire) >= server.limits.max_clients {
                warn!(
                    "{peer} turned away: {} clients already",
                    server.limits.max_clients
                );
                continue;
            }
            number += 1;
            spawn(&server, &Arc::new(la), peer, number);
        }
    }
}

/// The next connection. Out of descriptors or memory, it waits for better times: whoever connects
/// meanwhile waits in the kernel's queue.
fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut in_trouble = false;
    loop {
        match listener.accept() {
            Ok(accepted) => {
                if in_trouble {
                    info!("accepting again");
                }
                return accepted;
            }
            // That one client gave up while it was in the queue.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if !in_trouble {
                    warn!("cannot accept, will try again: {error}");
                }
                in_trouble = true;
                thread::sleep(BREATH);
            }
        }
    }
}

/// Gives a client its thread. Out of threads, it waits for one to end.
fn spawn(server: &Arc<Server>, la: &Arc<TcpStream>, peer: SocketAddr, number: u64) {
    let mut in_trouble = false;
    loop {
        let place = Place::take(server);
        let socket = Arc::clone(la);
        let serve = move || session::serve(&place.0, &socket, peer);
        let thread = thread::Builder::new()
            .name(format!("la-{number}"))
            .stack_size(STACK);
        match thread.spawn(serve) {
            Ok(_) => return,
            Err(error) => {
                if !in_trouble {
                    warn!("no thread for {peer}, will try again: {error}");
                }
                in_trouble = true;
                thread::sleep(BREATH);
            }
        }
    }
}

/// A thread's place among [`Server::clients`], given up when the thread ends, however it ends.
struct Place(Arc<Server>);

impl Place {
    fn take(server: &Arc<Server>) -> Self {
        server.clients.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(server))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.clients.fetch_sub(1, Ordering::AcqRel);
    }
}
