//! What was said and acknowledged, as far as it is remembered.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, SecondsFormat, Utc};
use protocol::{ChatText, OwnedName, extended::RoomName};

use crate::{
    Limits,
    history_file::{HistoryFile, Writer},
};

/// The most that all messages together may take, in bytes, as [`Message::cost`] counts.
const BOUND: usize = 16 << 20;

/// What a message costs beside its words: its place in two trees, and the conversation's name.
const OVERHEAD: usize = 256;

/// Who talks with whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Conversation {
    /// What is said to all.
    All,
    /// A channel.
    Channel(Box<str>),
    /// Two users, in alphabetical order; or one with itself.
    Pair(OwnedName, OwnedName),
}

/// A message's place in the order of all, taken before it is sent: what somebody says before
/// another one joins stays before that, however late the last receipt comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    number: u64,
    time: DateTime<Utc>,
}

/// One message; `time` is when it was sent.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) time: DateTime<Utc>,
    pub(crate) sender: OwnedName,
    pub(crate) text: Box<str>,
}

/// The memory of all conversations.
pub(crate) struct History {
    /// Like the roster's lock: never held during I/O or with another lock.
    kept: Mutex<Kept>,
    /// The number of the next message.
    next: AtomicU64,
    /// Messages a conversation; 0 keeps nothing.
    limit: usize,
    /// Where messages go to survive, if they do.
    file: Option<Writer>,
}

#[derive(Default)]
struct Kept {
    /// By number.
    messages: BTreeMap<u64, (Conversation, Arc<Message>)>,
    /// The numbers of each conversation's messages.
    conversations: HashMap<Conversation, BTreeSet<u64>>,
    cost: usize,
}

impl Conversation {
    pub(crate) fn between(one: &OwnedName, other: &OwnedName) -> Self {
        Self::Pair(one.min(other).clone(), one.max(other).clone())
    }

    pub(crate) fn in_channel(channel: RoomName<'_>) -> Self {
        Self::Channel(channel.as_str().into())
    }
}

impl Message {
    fn cost(&self) -> usize {
        OVERHEAD + self.sender.get().as_str().len() + self.text.len()
    }

    /// The length of [`shown`](Self::shown), about.
    pub(crate) fn length(&self) -> usize {
        32 + self.sender.get().as_str().len() + self.text.len()
    }

    /// Time, sender and text, as `/history` shows them.
    pub(crate) fn shown(&self) -> String {
        format!("{} {} {}", stamp(self.time), self.sender.get(), self.text)
    }
}

/// RFC 3339, UTC, milliseconds.
pub(crate) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl History {
    /// A memory with what the file has, if there is one.
    ///
    /// # Errors
    /// If there is no thread to write the file.
    pub(crate) fn new(limits: &Limits, file: Option<HistoryFile>) -> io::Result<Self> {
        let limit = if limits.strict {
            0
        } else {
            limits.history_limit
        };
        let (mut kept, mut next) = (Kept::default(), 0);
        let file = file.map(|mut file| {
            file.read(|conversation, message| {
                kept.insert(next, conversation, message, limit);
                next += 1;
            });
            file.start_writing()
        });
        let (kept, next) = (Mutex::new(kept), AtomicU64::new(next));
        Ok(Self {
            kept,
            next,
            limit,
            file: file.transpose()?,
        })
    }

    /// A place for a message that is about to be sent.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            time: Utc::now(),
        }
    }

    /// Remembers a message that at least one receiver has acknowledged.
    pub(crate) fn record(
        &self,
        ticket: Ticket,
        conversation: Conversation,
        sender: &OwnedName,
        text: ChatText<'_>,
    ) {
        if self.limit == 0 {
            return;
        }
        let (sender, text) = (sender.clone(), text.as_str().into());
        let message = Message {
            time: ticket.time,
            sender,
            text,
        };
        if let Some(file) = &self.file {
            file.write(&conversation, &message);
        }
        self.lock()
            .insert(ticket.number, conversation, message, self.limit);
    }

    /// The last messages of a conversation, at most `count`, none before number `first`; oldest first.
    pub(crate) fn last(
        &self,
        conversation: &Conversation,
        count: usize,
        first: u64,
    ) -> Vec<Arc<Message>> {
        let kept = self.lock();
        let Some(numbers) = kept.conversations.get(conversation) else {
            return Vec::new();
        };
        let numbers = numbers.range(first..).rev().take(count);
        let messages = numbers.filter_map(|number| kept.messages.get(number));
        let mut messages: Vec<_> = messages.map(|(_, message)| Arc::clone(message)).collect();
        messages.reverse();
        messages
    }

    /// The number that the next message will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Adds a message, and forgets the oldest of its conversation and of all as the limits ask.
    fn insert(&mut self, number: u64, conversation: Conversation, message: Message, limit: usize) {
        if limit == 0 {
            return;
        }
        let numbers = self.conversations.entry(conversation.clone()).or_default();
        numbers.insert(number);
        let too_many = if numbers.len() > limit {
            numbers.first().copied()
        } else {
            None
        };
        self.cost += message.cost();
        self.messages
            .insert(number, (conversation, Arc::new(message)));
        if let Some(oldest) = too_many {
            self.forget(oldest);
        }
        while self.cost > BOUND
            && let Some(&oldest) = self.messages.keys().next()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, number: u64) {
        let Some((conversation, message)) = self.messages.remove(&number) else {
            return;
        };
        self.cost -= message.cost();
        if let Some(numbers) = self.conversations.get_mut(&conversation) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.conversations.remove(&conversation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> OwnedName {
        protocol::UserName::new(name).unwrap().own()
    }

    fn say(history: &History, conversation: Conversation, from: &str, text: &str) {
        history.record(
            history.ticket(),
            conversation,
            &name(from),
            ChatText::new(text).unwrap(),
        );
    }

    fn texts(
        history: &History,
        conversation: &Conversation,
        count: usize,
        first: u64,
    ) -> Vec<String> {
        let last = history.last(conversation, count, first);
        last.into_iter()
            .map(|message| message.text.to_string())
            .collect()
    }

    fn history(history_limit: usize) -> History {
        History::new(
            &Limits {
                history_limit,
                ..Limits::default()
            },
            None,
        )
        .unwrap()
    }

    #[test]
    fn each_conversation_has_its_last_messages_in_order() {
        let history = history(3);
        let pair = Conversation::between(&name("jacky"), &name("bob"));
        assert_eq!(pair, Conversation::between(&name("bob"), &name("jacky")));
        for number in 0..5 {
            say(&history, pair.clone(), "jacky", &format!("p{number}"));
            say(&history, Conversation::All, "bob", &format!("a{number}"));
        }
        assert_eq!(texts(&history, &pair, 20, 0), ["p2", "p3", "p4"]);
        assert_eq!(texts(&history, &pair, 2, 0), ["p3", "p4"]);
        assert_eq!(
            texts(&history, &Conversation::All, 20, 0),
            ["a2", "a3", "a4"]
        );
        let first = history.next_number();
        say(&history, pair.clone(), "bob", "p5");
        assert_eq!(texts(&history, &pair, 20, first), ["p5"]);
        assert!(texts(&history, &Conversation::Channel("x".into()), 20, 0).is_empty());
    }

    #[test]
    fn what_is_forgotten_leaves_nothing_behind() {
        let history = history(2);
        // An old message of a quiet conversation must not keep what comes after it.
        say(
            &history,
            Conversation::between(&name("a"), &name("c")),
            "a",
            "once",
        );
        for number in 0..1000 {
            say(
                &history,
                Conversation::between(&name("a"), &name("b")),
                "a",
                &number.to_string(),
            );
        }
        let kept = history.lock();
        assert_eq!((kept.messages.len(), kept.conversations.len()), (3, 2));
        let cost: usize = kept
            .messages
            .values()
            .map(|(_, message)| message.cost())
            .sum();
        assert_eq!(kept.cost, cost);
    }

    #[test]
    fn the_whole_is_bounded() {
        let history = history(100_000);
        let long = "x".repeat(8_000);
        for number in 0..2 * BOUND / 8_000 {
            say(
                &history,
                Conversation::Channel(format!("c{}", number % 7).into()),
                "a",
                &long,
            );
        }
        let kept = history.lock();
        assert!(kept.cost <= BOUND && kept.messages.len() <= BOUND / 8_000);
        let indexed: usize = kept.conversations.values().map(BTreeSet::len).sum();
        assert_eq!(indexed, kept.messages.len());
    }

    #[test]
    fn the_order_is_that_of_sending() {
        let history = history(10);
        let pair = Conversation::between(&name("a"), &name("b"));
        let (first, second) = (history.ticket(), history.ticket());
        let joined = history.next_number();
        for (ticket, text) in [(second, "second"), (first, "first")] {
            history.record(
                ticket,
                pair.clone(),
                &name("a"),
                ChatText::new(text).unwrap(),
            );
        }
        assert_eq!(texts(&history, &pair, 20, 0), ["first", "second"]);
        assert!(
            texts(&history, &pair, 20, joined).is_empty(),
            "said before, acknowledged after"
        );
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_wanted() {
        let history = History::new(
            &Limits {
                strict: true,
                ..Limits::default()
            },
            None,
        )
        .unwrap();
        say(&history, Conversation::All, "a", "x");
        assert!(texts(&history, &Conversation::All, 20, 0).is_empty());
    }
}
