//! Telling those who want to know who came and who left.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use log::warn;
use protocol::{extended::Delivery, set_line};

use crate::{STACK, member::Member};

/// Notices that may wait for one receiver. What is more is not told: notices are best effort.
const WAITING: usize = 128;

/// Those who want notices. Each has a thread of its own for them, so that nobody who comes, goes,
/// talks or is told waits for somebody else's receipt.
#[derive(Default)]
pub(crate) struct Notices {
    /// By seat. Like the roster's lock: never held during I/O or with another lock.
    listeners: Mutex<BTreeMap<u64, Listener>>,
}

struct Listener {
    member: Arc<Member>,
    /// The way to its thread, which ends with it.
    lines: SyncSender<Arc<[u8]>>,
}

impl Notices {
    /// From now on this member is told; `false` if there is no thread for that.
    pub(crate) fn start(&self, member: &Arc<Member>, patience: Duration) -> bool {
        let mut listeners = self.lock();
        if listeners.contains_key(&member.seat()) {
            return true;
        }
        let (lines, coming) = mpsc::sync_channel(WAITING);
        let listener = Listener {
            member: Arc::clone(member),
            lines,
        };
        let receiver = Arc::clone(member);
        let thread = thread::Builder::new()
            .name(format!("notices-{}", member.seat()))
            .stack_size(STACK);
        if let Err(error) = thread.spawn(move || deliver(&receiver, &coming, patience)) {
            warn!("no notices for {}: {error}", member.name());
            return false;
        }
        member.want_notices(true);
        listeners.insert(member.seat(), listener);
        true
    }

    /// From now on this member is not told.
    pub(crate) fn stop(&self, member: &Member) {
        member.want_notices(false);
        self.lock().remove(&member.seat());
    }

    /// Has everybody else told that this member came.
    pub(crate) fn came(&self, who: &Member) {
        self.tell(who, Delivery::Came(who.name()));
    }

    /// Has everybody else told that this member left.
    pub(crate) fn left(&self, who: &Member) {
        self.tell(who, Delivery::Left(who.name()));
    }

    fn tell(&self, about: &Member, notice: Delivery<'_>) {
        let listeners = self.lock();
        if listeners.is_empty() {
            return;
        }
        let mut line = Vec::new();
        set_line(&mut line, notice);
        let line: Arc<[u8]> = line.into();
        for Listener { member, lines } in listeners.values() {
            if member.name() != about.name() {
                let _ = lines.try_send(Arc::clone(&line));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Listener>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn deliver(member: &Member, lines: &Receiver<Arc<[u8]>>, patience: Duration) {
    for line in lines {
        if member.wants_notices() {
            // Who does not acknowledge is logged out like anybody else; nobody has to be told.
            let outcome = member
                .link()
                .deliver(&line, patience, || member.wants_notices());
            let _ = member.settle(outcome);
        }
    }
}
