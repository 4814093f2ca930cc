//! A user who is logged in.

use chrono::{DateTime, Utc};
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
    since: DateTime<Utc>,
    la: Arc<TcpStream>,
    link: Link,
    /// Set once, by whoever sees the end first. From then on nobody finds this member, and its name
    /// is free. No lock, so that a sender can set it while it has the turn on a link.
    left: AtomicBool,
    /// Whether the session has asked for extended mode.
    extended: AtomicBool,
    /// Whether it wants to be told who comes and who goes.
    wants_notices: AtomicBool,
}

impl Member {
    /// A login under this name; `seat` counts logins and tells namesakes apart.
    pub(crate) fn new(name: OwnedName, seat: u64, la: Arc<TcpStream>) -> Self {
        Self {
            name,
            seat,
            since: Utc::now(),
            la,
            link: Link::default(),
            left: AtomicBool::new(false),
            extended: AtomicBool::new(false),
            wants_notices: AtomicBool::new(false),
        }
    }

    pub(crate) fn name(&self) -> UserName<'_> {
        self.name.get()
    }

    /// The name, to be kept.
    pub(crate) fn own_name(&self) -> &OwnedName {
        &self.name
    }

    pub(crate) fn seat(&self) -> u64 {
        self.seat
    }

    /// When this login was.
    pub(crate) fn since(&self) -> DateTime<Utc> {
        self.since
    }

    /// Whether this session has asked for extended mode.
    pub(crate) fn is_extended(&self) -> bool {
        self.extended.load(Ordering::Acquire)
    }

    /// From now on this session is in extended mode.
    pub(crate) fn extend(&self) {
        self.extended.store(true, Ordering::Release);
    }

    /// Whether this session wants notices.
    pub(crate) fn wants_notices(&self) -> bool {
        self.wants_notices.load(Ordering::Acquire)
    }

    /// Turns notices on or off.
    pub(crate) fn want_notices(&self, on: bool) {
        self.wants_notices.store(on, Ordering::Release);
    }

    /// This user's Lb.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Whether this login is over.
    pub(crate) fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }

    /// Ends the login: the name is free. Both connections can still carry a last word.
    pub(crate) fn leave(&self) {
        self.left.store(true, Ordering::Release);
    }

    /// Ends the login and closes Lb.
    pub(crate) fn retire(&self) {
        self.leave();
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
