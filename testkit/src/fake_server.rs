//! A server that does nothing by itself: the test plays its part, to see what a client does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use crate::{Peer, peer::accept, user::RECEIPT};

/// Where clients dial, and the address from which Lb is dialled.
#[derive(Debug)]
pub struct FakeServer(TcpListener);

/// A client's two connections, seen from the server.
#[derive(Debug)]
pub struct Client {
    /// Commands and replies.
    pub la: Peer,
    /// Deliveries and receipts.
    pub lb: Peer,
}

impl FakeServer {
    /// Listens at a free port of 127.0.0.1.
    pub fn listen() -> Self {
        Self::listen_at(Ipv4Addr::LOCALHOST)
    }

    /// Listens at a free port of another address of this machine, say 127.0.0.2.
    pub fn listen_at(own: impl Into<IpAddr>) -> Self {
        Self(TcpListener::bind((own.into(), 0)).expect("a port"))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("an address")
    }

    /// The next client's La.
    #[track_caller]
    pub fn accept(&self) -> Peer {
        accept(&self.0)
    }

    /// Expects this login next, and accepts it.
    #[track_caller]
    pub fn let_in(&self, la: &mut Peer, login: &str) {
        la.expect(login);
        la.say("101 Authentication successful");
    }

    /// Expects `/port` next, and returns what it says: where the client waits for Lb.
    #[track_caller]
    pub fn expect_port(&self, la: &mut Peer) -> SocketAddr {
        let line = la.line();
        let number = line.strip_prefix("/port ").and_then(|n| n.parse().ok());
        let number: u16 = number.unwrap_or_else(|| panic!("{line:?} instead of /port"));
        assert_eq!(line, format!("/port {number}"), "in its shortest form");
        assert_ne!(number, 0);
        SocketAddr::new(la.stream().peer_addr().expect("an address").ip(), number)
    }

    /// Dials Lb, from the server's own address.
    #[track_caller]
    pub fn dial(&self, client: SocketAddr) -> Peer {
        let own = SocketAddr::new(self.address().ip(), 0);
        Peer::connect_from(own, client).expect("the client listens")
    }

    /// Brings the next client online, if this is its login.
    #[track_caller]
    pub fn welcome(&self, login: &str) -> Client {
        let mut la = self.accept();
        self.let_in(&mut la, login);
        let waiting = self.expect_port(&mut la);
        let lb = self.dial(waiting);
        la.say("201 Build connection successful");
        Client { la, lb }
    }
}

impl Client {
    /// Sends a delivery, and expects its receipt.
    #[track_caller]
    pub fn deliver(&mut self, delivery: &str) {
        self.lb.say(delivery);
        self.lb.expect(RECEIPT);
    }
}
