//! A user on raw connections, who has both of them.

use crate::{Lb, Peer, password};

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
}
