//! A user on raw connections, who has both of them.

use std::{
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use crate::{Lb, PATIENCE, Peer, password};

/// What a client sends for each delivery.
pub(crate) const RECEIPT: &str = "302 Message receipt successful";

/// A user who is online.
#[derive(Debug)]
pub struct User {
    /// Commands and replies.
    pub la: Peer,
    /// Deliveries and receipts.
    pub lb: Peer,
}

impl User {
    /// Logs in over this connection and has Lb dialled.
    pub fn log_in(mut la: Peer, name: &str) -> Self {
        la.say(&format!("/login {name} {}", password(name)));
        la.expect("101 Authentication successful");
        let listener = Lb::listen();
        la.say(&format!("/port {}", listener.port()));
        la.expect("201 Build connection successful");
        let lb = listener.accept();
        Self { la, lb }
    }

    /// Sends a command, and returns the reply.
    pub fn ask(&mut self, line: &str) -> String {
        self.la.ask(line)
    }

    /// Expects this delivery, and acknowledges it.
    #[track_caller]
    pub fn receive(&mut self, delivery: &str) {
        self.lb.expect(delivery);
        self.acknowledge();
    }

    /// Sends a receipt.
    pub fn acknowledge(&mut self) {
        self.lb.say(RECEIPT);
    }

    /// From now on acknowledges whatever comes, on a thread of its own.
    pub fn answering(self) -> Answering {
        let (seen, received) = mpsc::channel();
        let Self { la, mut lb } = self;
        thread::spawn(move || {
            while let Some(line) = lb.next_line(Duration::from_secs(3600)) {
                if seen.send(line).is_err() || lb.try_send(format!("{RECEIPT}\n")).is_err() {
                    return;
                }
            }
        });
        Answering { la, received }
    }
}

/// A user whose deliveries are acknowledged as they come.
#[derive(Debug)]
pub struct Answering {
    /// Commands and replies.
    pub la: Peer,
    received: Receiver<String>,
}

impl Answering {
    /// Sends a command, and returns the reply.
    pub fn ask(&mut self, line: &str) -> String {
        self.la.ask(line)
    }

    /// The next delivery must be this one.
    #[track_caller]
    pub fn expect(&self, delivery: &str) {
        let received = self.received.recv_timeout(PATIENCE).expect("a delivery");
        assert_eq!(received, delivery);
    }

    /// All deliveries that came and were not yet asked for.
    pub fn received(&self) -> impl Iterator<Item = String> {
        self.received.try_iter()
    }
}
