//! Telling those who want to know who came and who left.

use std::{
    sync::{
        Arc, OnceLock,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
};

use log::warn;
use protocol::{OwnedName, extended::Delivery, set_line};

use crate::{Server, broadcast::broadcast, member::Member};

/// Notices that may wait for their thread. What is more is not told: notices are best effort.
const WAITING: usize = 1_024;

/// The way to the thread `notices`, which is there once somebody wanted notices.
///
/// It has a thread of its own so that nobody who comes, goes or talks waits for a receipt of a
/// notice.
#[derive(Default)]
pub(crate) struct Notices(OnceLock<SyncSender<Notice>>);

/// Somebody came, or left.
pub(crate) struct Notice {
    name: OwnedName,
    came: bool,
}

impl Notice {
    pub(crate) fn came(member: &Member) -> Self {
        Self {
            name: member.own_name().clone(),

            came: true,
        }
    }

    pub(crate) fn left(member: &Member) -> Self {
        Self {
            name: member.own_name().clone(),

            came: false,
        }
    }
}

impl Notices {
    /// Makes sure that notices are told from now on.
    pub(crate) fn start(&self, server: &Arc<Server>) {
        self.0.get_or_init(|| {
            let (tell, told) = mpsc::sync_channel(WAITING);
            let server = Arc::clone(server);
            let thread = thread::Builder::new()
                .name("notices".into())
                .stack_size(crate::STACK);
            if let Err(error) = thread.spawn(move || run(&server, &told)) {
                warn!("no notices: {error}");
            }
            tell
        });
    }

    /// Has a notice told, sooner or later.
    pub(crate) fn tell(&self, notice: Notice) {
        if let Some(queue) = self.0.get() {
            let _ = queue.try_send(notice);
        }
    }
}

fn run(server: &Server, told: &Receiver<Notice>) {
    let mut line = Vec::new();
    for Notice { name, came } in told {
        let name = name.get();
        // Back already: whose earlier login took its time to end.
        if !came
            && server
                .roster
                .find(name)
                .is_some_and(|member| member.link().stands())
        {
            continue;
        }
        let receivers = server.roster.curious(name);
        set_line(
            &mut line,
            if came {
                Delivery::Came(name)
            } else {
                Delivery::Left(name)
            },
        );
        // Who does not acknowledge is logged out like anybody else; nobody has to be told.
        broadcast(&receivers, |_| &line, server.limits.ack_timeout, || {});
    }
}
