//! What was said and acknowledged, as far as it is remembered.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
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

/// What a message costs beside its words: itself, and its share of the conversation's memory.
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

/// One message; number and time are those of its sending.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) number: u64,
    pub(crate) time: DateTime<Utc>,
    pub(crate) sender: OwnedName,
    pub(crate) text: Box<str>,
}

/// The memory of all conversations.
pub(crate) struct History {
    /// Like the roster's lock: never held during I/O; while it is held, memories may be locked, and
    /// never the other way round.
    memories: Mutex<HashMap<Conversation, Arc<Memory>>>,
    /// What all messages take together.
    cost: AtomicUsize,
    /// The number of the next message.
    next: AtomicU64,
    /// Messages a conversation; 0 keeps nothing.
    limit: usize,
    /// Where messages go to survive, if they do.
    file: Option<Writer>,
}

/// The memory of one conversation. Who talks a lot keeps it at hand, so that a message costs neither
/// a search nor a lock that others want.
pub(crate) struct Memory {
    conversation: Conversation,
    /// Oldest first.
    messages: Mutex<VecDeque<Arc<Message>>>,
}

impl Conversation {
    /// What two users say to each other; `None` if it cannot be told, in `/history` and in the file,
    /// from what is said to all or in a channel: `*` and `#rust` can be users' names, too.
    pub(crate) fn between(one: &OwnedName, other: &OwnedName) -> Option<Self> {
        let is_plain = |name: &OwnedName| {
            let name = name.get();
            name.as_str() != "*" && !name.as_str().starts_with('#')
        };
        (is_plain(one) && is_plain(other))
            .then(|| Self::Pair(one.min(other).clone(), one.max(other).clone()))
    }

    pub(crate) fn in_channel(channel: RoomName<'_>) -> Self {
        Self::Channel(channel.as_str().into())
    }
}

impl Message {
    fn new(ticket: Ticket, sender: &OwnedName, text: ChatText<'_>) -> Self {
        Self {
            number: ticket.number,
            time: ticket.time,
            sender: sender.clone(),
            text: text.as_str().into(),
        }
    }

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

impl Memory {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Message>>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let mut history = Self {
            memories: Mutex::default(),
            cost: AtomicUsize::new(0),
            next: AtomicU64::new(0),
            limit,
            file: None,
        };
        if let Some(mut file) = file {
            file.read(|conversation, sender, time, text| {
                let ticket = Ticket {
                    time,
                    ..history.ticket()
                };
                let memory = history.memory_of(conversation);
                // Lines stand in the order of receipts.
                let message = Message::new(ticket, &sender, text);
                history.keep(&memory, message, |other| other.time > time);
            });
            history.file = Some(file.start_writing()?);
        }
        Ok(history)
    }

    /// A place for a message that is about to be sent.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            time: Utc::now(),
        }
    }

    /// The number that the next message will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// The memory of a conversation.
    pub(crate) fn memory_of(&self, conversation: Conversation) -> Arc<Memory> {
        if self.limit == 0 {
            return Arc::new(Memory {
                conversation,
                messages: Mutex::default(),
            });
        }
        let mut memories = self.lock();
        let memory = memories
            .entry(conversation)
            .or_insert_with_key(|conversation| {
                let conversation = conversation.clone();
                Arc::new(Memory {
                    conversation,
                    messages: Mutex::default(),
                })
            });
        Arc::clone(memory)
    }

    /// Remembers a message that at least one receiver has acknowledged.
    pub(crate) fn record(
        &self,
        ticket: Ticket,
        memory: &Memory,
        sender: &OwnedName,
        text: ChatText<'_>,
    ) {
        if self.limit == 0 {
            return;
        }
        let message = Message::new(ticket, sender, text);
        if let Some(file) = &self.file {
            file.write(&memory.conversation, &message);
        }
        // Not by time, which the system's clock may take back.
        self.keep(memory, message, |other| other.number > ticket.number);
    }

    /// Puts a message into a memory, before those that are later.
    fn keep(&self, memory: &Memory, message: Message, is_later: impl Fn(&Message) -> bool) {
        let cost = self.cost.fetch_add(message.cost(), Ordering::Relaxed) + message.cost();
        let mut messages = memory.lock();
        // Receipts do not come in the order of sending.
        let later = messages.iter().rev().take_while(|other| is_later(other));
        let place = messages.len() - later.count();
        messages.insert(place, Arc::new(message));
        let too_many = if messages.len() > self.limit {
            messages.pop_front()
        } else {
            None
        };
        drop(messages);
        if let Some(forgotten) = too_many {
            self.cost.fetch_sub(forgotten.cost(), Ordering::Relaxed);
        }
        if cost > BOUND {
            self.forget_the_oldest();
        }
    }

    /// The last messages of a conversation, at most `count`, none before number `first`; oldest first.
    pub(crate) fn last(
        &self,
        conversation: &Conversation,
        count: usize,
        first: u64,
    ) -> Vec<Arc<Message>> {
        let Some(memory) = self.lock().get(conversation).map(Arc::clone) else {
            return Vec::new();
        };
        let messages = memory.lock();
        let readable = messages
            .iter()
            .rev()
            .filter(|message| message.number >= first);
        let mut last: Vec<_> = readable.take(count).map(Arc::clone).collect();
        last.reverse();
        last
    }

    /// Forgets the oldest messages of all, a quarter of what there may be, so that this is seldom.
    fn forget_the_oldest(&self) {
        let mut memories = self.lock();
        if self.cost.load(Ordering::Relaxed) <= BOUND {
            return; // somebody else was faster
        }
        let costs = memories.values().flat_map(|memory| {
            let messages = memory.lock();
            messages
                .iter()
                .map(|message| (message.number, message.cost()))
                .collect::<Vec<_>>()
        });
        let mut costs: Vec<_> = costs.collect();
        costs.sort_unstable();
        let mut forgotten = 0;
        let first_kept = costs.into_iter().find(|(_, cost)| {
            forgotten += cost;
            forgotten > BOUND / 4
        });
        let first_kept = first_kept.map_or(u64::MAX, |(number, _)| number);
        memories.retain(|_, memory| {
            let mut messages = memory.lock();
            messages.retain(|message| {
                let kept = message.number >= first_kept;
                if !kept {
                    self.cost.fetch_sub(message.cost(), Ordering::Relaxed);
                }
                kept
            });
            // One that a session has at hand must stay the one that is found here.
            !messages.is_empty() || Arc::strong_count(memory) > 1
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Conversation, Arc<Memory>>> {
        self.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> OwnedName {
        protocol::UserName::new(name).unwrap().own()
    }

    fn pair(one: &str, other: &str) -> Conversation {
        Conversation::between(&name(one), &name(other)).unwrap()
    }

    fn say(history: &History, conversation: Conversation, from: &str, text: &str) {
        let memory = history.memory_of(conversation);
        history.record(
            history.ticket(),
            &memory,
            &name(from),
            ChatText::new(text).unwrap(),
        );
    }

    fn cost(history: &History) -> usize {
        let memories = history.lock();
        memories
            .values()
            .flat_map(|memory| memory.lock().clone())
            .map(|message| message.cost())
            .sum()
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
        let pair = pair("jacky", "bob");
        assert_eq!(pair, super::tests::pair("bob", "jacky"));
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
        say(&history, pair("a", "c"), "a", "once");
        for number in 0..1000 {
            say(&history, pair("a", "b"), "a", &number.to_string());
        }
        assert_eq!(history.lock().len(), 2);
        assert_eq!(history.cost.load(Ordering::Relaxed), cost(&history));
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
        assert!(cost(&history) <= BOUND && cost(&history) > BOUND / 2);
        assert_eq!(history.cost.load(Ordering::Relaxed), cost(&history));
    }

    #[test]
    fn a_conversation_with_nothing_left_is_gone_unless_it_is_at_hand() {
        let history = history(100_000);
        let pair = |other| pair("a", other);
        let at_hand = history.memory_of(pair("b"));
        say(&history, pair("b"), "a", "old");
        say(&history, pair("c"), "a", "old");
        let long = "x".repeat(8_000);
        (0..BOUND / 8_000).for_each(|_| say(&history, Conversation::All, "a", &long));
        assert_eq!(history.lock().len(), 2);
        history.record(
            history.ticket(),
            &at_hand,
            &name("b"),
            ChatText::new("new").unwrap(),
        );
        assert_eq!(texts(&history, &pair("b"), 20, 0), ["new"]);
    }

    #[test]
    fn the_order_is_that_of_sending() {
        let history = history(10);
        let pair = pair("a", "b");
        let (first, second) = (history.ticket(), history.ticket());
        let joined = history.next_number();
        for (ticket, text) in [(second, "second"), (first, "first")] {
            history.record(
                ticket,
                &history.memory_of(pair.clone()),
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
    fn a_clock_that_is_set_back_changes_no_order() {
        let history = history(2);
        let memory = history.memory_of(Conversation::All);
        for (number, text) in ["first", "second", "third"].into_iter().enumerate() {
            let ticket = history.ticket();
            let time = ticket.time - chrono::TimeDelta::hours(number as i64);
            let text = ChatText::new(text).unwrap();
            history.record(Ticket { time, ..ticket }, &memory, &name("a"), text);
        }
        assert_eq!(
            texts(&history, &Conversation::All, 20, 0),
            ["second", "third"]
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
