//! Saying something to one, to many: `/to`, `/toall`, and what extended mode builds on them.

use std::{io, sync::Arc};

use log::{debug, info};
use protocol::{ChatText, Delivery, Status, UserName, set_line};

use super::Session;
use crate::{
    broadcast::broadcast,
    history::{Conversation, Ticket},
    member::Member,
};

impl Session<'_> {
    /// Handout, "Handling commands" 2.
    pub(super) fn send_to(
        &mut self,
        me: &Member,
        name: UserName<'_>,
        text: ChatText<'_>,
    ) -> io::Result<()> {
        debug!("{} to {name}: {text}", me.name());
        let delivered = match self.server.roster.find(name) {
            None => false,
            Some(receiver) => {
                let ticket = self.server.history.ticket();
                set_line(&mut self.line, Delivery::From(me.name(), text));
                let patience = self.server.limits.ack_timeout;
                let is_there = || self.is_there(me);
                let outcome = receiver.link().deliver(&self.line, patience, is_there);
                match receiver.settle(outcome) {
                    Ok(()) => {
                        self.remember(ticket, me, &receiver, text);
                        true
                    }
                    Err(error) => {
                        info!("not delivered to {name}: {error}");
                        false
                    }
                }
            }
        };
        self.report(delivered)
    }

    /// Remembers what was said between two. People mostly go on talking to the one they talk to.
    pub(super) fn remember(
        &mut self,
        ticket: Ticket,
        me: &Member,
        other: &Member,
        text: ChatText<'_>,
    ) {
        let history = &self.server.history;
        let at_hand = self
            .at_hand
            .take()
            .filter(|(seat, _)| *seat == other.seat());
        self.at_hand = at_hand.or_else(|| {
            let pair = Conversation::between(me.own_name(), other.own_name())?;
            Some((other.seat(), history.memory_of(pair)))
        });
        if let Some((_, memory)) = &self.at_hand {
            history.record(ticket, memory, me.own_name(), text);
        }
    }

    /// Handout, "Handling commands" 3.
    pub(super) fn send_to_all(&mut self, me: &Member, text: ChatText<'_>) -> io::Result<()> {
        debug!("{} to all: {text}", me.name());
        let ticket = self.server.history.ticket();
        let receivers = self.server.roster.others(me);
        set_line(&mut self.line, Delivery::BroadcastFrom(me.name(), text));
        let failed = self.spread(me, &receivers, |_| &self.line).len();
        if failed < receivers.len() {
            let memory = self.server.history.memory_of(Conversation::All);
            self.server
                .history
                .record(ticket, &memory, me.own_name(), text);
        }
        self.report(failed == 0)
    }

    /// Sends all of these the line that is for them. Says who did not acknowledge it.
    pub(super) fn spread<'r>(
        &self,
        me: &Member,
        receivers: &'r [Arc<Member>],
        line_for: impl Fn(&Member) -> &'r [u8],
    ) -> Vec<&'r Member> {
        let patience = self.server.limits.ack_timeout;
        let failures = broadcast(receivers, line_for, patience, || self.is_there(me));
        let failed = failures.into_iter().map(|(receiver, error)| {
            info!("not delivered to {}: {error}", receiver.name());
            receiver
        });
        failed.collect()
    }

    pub(super) fn report(&mut self, delivered: bool) -> io::Result<()> {
        self.reply(match delivered {
            true => Status::DeliverySuccessful,
            false => Status::DeliveryFailed,
        })
    }
}
