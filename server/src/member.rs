//! A user who is logged in.

use protocol::{OwnedName, UserName};

use crate::{
    link::{DeliveryError, Link},
    system::{Arc, AtomicBool, Ordering, Shutdown, TcpStream},
};

/// One login, from `101` to its end: name, seat, La and Lb.
///
/// Its session owns it and reads La; other sessions deliver over its link, and may end it.
pub(crate) struct Member {
    name: OwnedName,
    seat: u64,
    la: Arc<TcpStream>,
    link: Link,
    /// Set once, by whoever sees the end first. From then on nobody finds this member, and its name
    /// is free. No lock, so that a sender can set it while it has the turn on a link.
    left: AtomicBool,
}

impl Member {
    /// A login under this name; `seat` counts logins and tells namesakes apart.
    pub(crate) fn new(name: OwnedName, seat: u64, la: Arc<TcpStream>) -> Self {
        Self {
            name,
            seat,
            la,
            link: Link::default(),
            left: AtomicBool::new(false),
        }
    }

    pub(crate) fn name(&self) -> UserName<'_> {
        self.name.get()
    }

    pub(crate) fn seat(&self) -> u64 {
        self.seat
    }

    /// This user's Lb.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Whether this login is over.
    pub(crate) fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }

    /// Ends the login: the name is free, Lb is closed. La can still carry a last word.
    pub(crate) fn retire(&self) {
        self.left.store(true, Ordering::Release);
        self.link.close();
    }

    /// Ends the login and closes La too, which wakes its thread; that thread cleans up.
    pub(crate) fn hang_up(&self) {
        self.retire();
        // Fails if the other side was faster; then there is nothing to close.
        let _ = self.la.shutdown(Shutdown::Both);
    }

    /// Draws the conclusion from a delivery over this member's link: once the link is dead, what
    /// comes over it later could be taken for another message's receipt, so the login ends.
    pub(crate) fn settle(&self, outcome: Result<(), DeliveryError>) -> Result<(), DeliveryError> {
        if outcome.as_ref().is_err_and(DeliveryError::is_fatal) {
            self.hang_up();
        }
        outcome
    }
}
