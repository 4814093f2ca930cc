//! The floor: a relay that makes only the system calls nobody can do without, and parses nothing.
//!
//! A thread a connection, as the handout has it, and the handout's lock on Lb. A message is: read
//! La, write Lb, read Lb, write La; to all it is all the writes, then all the reads. What came in is
//! what goes out, and a receipt is whatever comes next. Who talks to whom is settled by the order of
//! logging in: the first are pairs, everybody later talks to all.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// The hidden argument for this role; how many pairs there are follows.
pub(crate) const ROLE: &str = "be-the-floor";

/// Enough for what a thread here calls.
const STACK: usize = 64 * 1024;
const MOST: usize = 20_000;

struct Floor {
    pairs: usize,
    seats: Vec<Seat>,
    taken: AtomicUsize,
}

#[derive(Default)]
struct Seat {
    lb: OnceLock<TcpStream>,
    turn: Mutex<()>,
}

pub(crate) fn run(words: &[String]) {
    let floor = Arc::new(Floor {
        pairs: words[0].parse().expect("a number of pairs"),
        seats: (0..MOST).map(|_| Seat::default()).collect(),
        taken: AtomicUsize::new(0),
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    println!(
        "Listening on {}",
        listener.local_addr().expect("an address")
    );
    loop {
        match listener.accept() {
            Ok((la, peer)) => {
                let floor = Arc::clone(&floor);
                let thread = thread::Builder::new().stack_size(STACK);
                // Without a thread the connection closes, which the client takes for the limit.
                let _ = thread.spawn(move || floor.serve(&la, peer));
            }
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

impl Floor {
    /// One connection, until anything at all goes wrong with it.
    fn serve(&self, la: &TcpStream, peer: SocketAddr) -> Option<()> {
        let mut line = [0; 512];
        la.set_nodelay(true).ok()?;
        read(la, &mut line)?;
        write(la, b"101 Authentication successful\n")?;
        let lb = dial(peer, read(la, &mut line)?);
        let Some(lb) = lb else {
            return write(la, b"202 Build connection failed\n");
        };
        lb.set_nodelay(true).ok()?;
        let own = self.taken.fetch_add(1, Ordering::Relaxed);
        self.seats[own].lb.set(lb).ok()?;
        write(la, b"201 Build connection successful\n")?;
        loop {
            let message = read(la, &mut line)?;
            if own < 2 * self.pairs {
                self.to(own ^ 1, message)?;
            } else {
                self.to_all(own, message)?;
            }
            write(la, b"303 Message delivery successful\n")?;
        }
    }

    fn to(&self, other: usize, message: &[u8]) -> Option<()> {
        let seat = &self.seats[other];
        let lb = seat.lb.get()?;
        let _turn = seat.turn.lock().ok()?;
        write(lb, message)?;
        read(lb, &mut [0; 64]).map(drop)
    }

    fn to_all(&self, own: usize, message: &[u8]) -> Option<()> {
        let seats = &self.seats[..self.taken.load(Ordering::Relaxed)];
        let others = seats.iter().enumerate().filter(|&(seat, _)| seat != own);
        let mut under_way = Vec::with_capacity(seats.len());
        for (_, seat) in others {
            let turn = seat.turn.lock().ok()?;
            let lb = seat.lb.get()?;
            write(lb, message)?;
            under_way.push((turn, lb));
        }
        for (turn, lb) in under_way {
            read(lb, &mut [0; 64])?;
            drop(turn);
        }
        Some(())
    }
}

/// The one number that cannot be guessed.
fn dial(mut peer: SocketAddr, line: &[u8]) -> Option<TcpStream> {
    let port = str::from_utf8(line).ok()?.strip_prefix("/port ")?;
    peer.set_port(port.trim_end().parse().ok()?);
    TcpStream::connect(peer).ok()
}

/// One call; lines are short and come one at a time, so that it brings one whole line.
fn read<'a>(mut socket: &TcpStream, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    match socket.read(buffer) {
        Ok(count) if count > 0 => Some(&buffer[..count]),
        _ => None,
    }
}

fn write(mut socket: &TcpStream, line: &[u8]) -> Option<()> {
    socket.write(line).ok().map(drop)
}
