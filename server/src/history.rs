//! What was said and acknowledged, as far as it is remembered.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, SecondsFormat, Utc};
use protocol::{ChatText, OwnedName, extended::RoomName};

use crate::{
    Limits,
    history_file::{HistoryFile, Writer},
};

/// The most that all messages together may take, in bytes, as [`Message::cost`] counts.
const BOUND: usize = 16 << 20;

/// What a message costs beside its words.
const OVERHEAD: usize = 192;

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

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) time: DateTime<Utc>,
    pub(crate) sender: OwnedName,
    pub(crate) text: Box<str>,
}

/// The memory of all conversations.
pub(crate) struct History {
    /// Like the roster's lock: never held during I/O or with another lock.
    kept: Mutex<Kept>,
    /// Messages a conversation; 0 keeps nothing.
    limit: usize,
    /// Where messages go to survive, if they do.
    file: Option<Writer>,
}

#[derive(Default)]
struct Kept {
    /// Message `first + i` at place `i`, oldest first. A message that its conversation has no more
    /// room for is `None` until it is the oldest.
    messages: VecDeque<Option<(Conversation, Message)>>,
    first: u64,
    /// The messages of each conversation, oldest first.
    conversations: HashMap<Conversation, VecDeque<u64>>,
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
    pub(crate) fn new(limits: &Limits, file: Option<HistoryFile>) -> Self {
        let limit = if limits.strict {
            0
        } else {
            limits.history_limit
        };
        let mut kept = Kept::default();
        let file = file.map(|file| {
            let (earlier, writer) = file.open();
            for (conversation, message) in earlier {
                kept.push(conversation, message, limit);
            }
            writer
        });
        Self {
            kept: Mutex::new(kept),
            limit,
            file,
        }
    }

    /// Remembers a message that at least one receiver has acknowledged.
    pub(crate) fn record(
        &self,
        conversation: Conversation,
        sender: &OwnedName,
        text: ChatText<'_>,
    ) {
        if self.limit == 0 {
            return;
        }
        let (sender, text) = (sender.clone(), text.as_str().into());
        let mut kept = self.lock();
        // Under the lock, so that times are in order; writing goes on elsewhere.
        let message = Message {
            time: Utc::now(),
            sender,
            text,
        };
        if let Some(file) = &self.file {
            file.write(&conversation, &message);
        }
        kept.push(conversation, message, self.limit);
    }

    /// The last messages of a conversation, at most `count`, none before number `first`; oldest first.
    pub(crate) fn last(
        &self,
        conversation: &Conversation,
        count: usize,
        first: u64,
    ) -> Vec<Message> {
        let kept = self.lock();
        let Some(numbers) = kept.conversations.get(conversation) else {
            return Vec::new();
        };
        let numbers = numbers
            .iter()
            .rev()
            .take_while(|&&number| number >= first)
            .take(count);
        let mut messages: Vec<_> = numbers
            .filter_map(|&number| kept.message(number))
            .cloned()
            .collect();
        messages.reverse();
        messages
    }

    /// The number that the next message will have.
    pub(crate) fn next_number(&self) -> u64 {
        self.lock().next()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn next(&self) -> u64 {
        self.first + self.messages.len() as u64
    }

    fn message(&self, number: u64) -> Option<&Message> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.messages
            .get(place)?
            .as_ref()
            .map(|(_, message)| message)
    }

    fn push(&mut self, conversation: Conversation, message: Message, limit: usize) {
        let number = self.next();
        let numbers = self.conversations.entry(conversation.clone()).or_default();
        numbers.push_back(number);
        let too_many = if numbers.len() > limit {
            numbers.pop_front()
        } else {
            None
        };
        self.cost += message.cost();
        self.messages.push_back(Some((conversation, message)));
        if let Some(number) = too_many {
            let place = number.saturating_sub(self.first) as usize;
            if let Some((_, message)) = self.messages.get_mut(place).and_then(Option::take) {
                self.cost -= message.cost();
            }
        }
        while self.cost > BOUND || matches!(self.messages.front(), Some(None)) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.messages.pop_front() else {
            return;
        };
        self.first += 1;
        let Some((conversation, message)) = oldest else {
            return;
        };
        self.cost -= message.cost();
        if let Some(numbers) = self.conversations.get_mut(&conversation) {
            numbers.pop_front();
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
        history.record(conversation, &name(from), ChatText::new(text).unwrap());
    }

    fn texts(
        history: &History,
        conversation: &Conversation,
        count: usize,
        first: u64,
    ) -> Vec<String> {
        let last = history.last(conversation, count, first);
        last.into_iter()
            .map(|message| message.text.into())
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
        for number in 0..1000 {
            say(
                &history,
                Conversation::between(&name("a"), &name("b")),
                "a",
                &number.to_string(),
            );
        }
        let kept = history.lock();
        assert_eq!((kept.messages.len(), kept.conversations.len()), (2, 1));
        let cost: usize = kept
            .messages
            .iter()
            .flatten()
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
        let indexed: usize = kept.conversations.values().map(VecDeque::len).sum();
        assert_eq!(indexed, kept.messages.len());
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_wanted() {
        let history = History::new(
            &Limits {
                strict: true,
                ..Limits::default()
            },
            None,
        );
        say(&history, Conversation::All, "a", "x");
        assert!(texts(&history, &Conversation::All, 20, 0).is_empty());
    }
}
