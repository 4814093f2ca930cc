//! What was said, what was answered, what was received.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// What became of all messages.
#[derive(Default)]
pub(crate) struct Book {
    logins: AtomicU64,
    number: AtomicU64,
    messages: Mutex<HashMap<u64, Message>>,
}

/// What became of one message.
#[derive(Default)]
struct Message {
    to_all: bool,
    reply: Option<bool>,
    /// By login: how often it was received, and whether it was duly acknowledged.
    received: HashMap<u64, (u32, bool)>,
}

impl Book {
    /// A new login's number.
    pub(crate) fn login(&self) -> u64 {
        self.logins.fetch_add(1, Ordering::Relaxed)
    }

    /// A new message's number; its text begins with it.
    pub(crate) fn sent(&self, to_all: bool) -> u64 {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        self.messages.lock().unwrap().insert(
            number,
            Message {
                to_all,
                ..Message::default()
            },
        );
        number
    }

    /// The sender has a reply: 303 or 304.
    pub(crate) fn answered(&self, number: u64, delivered: bool) {
        let mut messages = self.messages.lock().unwrap();
        let message = messages.get_mut(&number).unwrap();
        assert_eq!(
            message.reply.replace(delivered),
            None,
            "two replies to {number}"
        );
    }

    /// A login has received a message, and will acknowledge it duly or not.
    pub(crate) fn received(&self, number: u64, login: u64, duly: bool) {
        let mut messages = self.messages.lock().unwrap();
        let message = messages.get_mut(&number).unwrap();
        let (count, acknowledged) = message.received.entry(login).or_default();
        *count += 1;
        *acknowledged |= duly;
    }

    pub(crate) fn summary(&self) -> String {
        let messages = self.messages.lock().unwrap();
        let count = |reply| {
            messages
                .values()
                .filter(|message| message.reply == reply)
                .count()
        };
        format!(
            "{} logins; {} messages = {} with 303 + {} with 304 + {} whose sender hung up; {} received",
            self.logins.load(Ordering::Relaxed),
            messages.len(),
            count(Some(true)),
            count(Some(false)),
            count(None),
            messages
                .values()
                .map(|message| message.received.len())
                .sum::<usize>(),
        )
    }

    /// Everything that does not agree.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let messages = self.messages.lock().unwrap();
        let mut wrong = Vec::new();
        for (number, message) in messages.iter() {
            let received = &message.received;
            if received.values().any(|&(count, _)| count != 1) {
                wrong.push(format!("message {number} was received twice by one login"));
            }
            if !message.to_all && received.len() > 1 {
                wrong.push(format!(
                    "message {number} to one was received by {}",
                    received.len()
                ));
            }
            let acknowledged = received.values().all(|&(_, duly)| duly);
            let complete = message.to_all || received.len() == 1;
            if message.reply == Some(true) && !(acknowledged && complete) {
                wrong.push(format!(
                    "the 303 for message {number} is a lie: {received:?}"
                ));
            }
        }
        wrong
    }
}
