//! Who is in which channel; no I/O. A channel is there while somebody is in it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::PoisonError,
};

use protocol::extended::RoomName;

use crate::{
    member::Member,
    system::{Arc, Mutex, MutexGuard},
};

/// All channels. Whoever [has left](Member::has_left) is in none.
#[derive(Default)]
pub(crate) struct Channels {
    /// Like the roster's lock: held for a look-up, never during I/O or with another lock.
    rooms: Mutex<Rooms>,
}

#[derive(Default)]
struct Rooms {
    /// In alphabetical order.
    channels: BTreeMap<Box<str>, Vec<Place>>,
    /// The channels that each member is in, by its seat: so joining and leaving look at those alone.
    by_seat: HashMap<u64, BTreeSet<Box<str>>>,
}

/// A member's place in a channel; places are in order of joining.
struct Place {
    member: Arc<Member>,
    /// The first message of the history that this member may read.
    first_message: u64,
}

/// What became of joining.
pub(crate) enum Join {
    Joined,
    Already,
    TooMany,
}

impl Channels {
    /// Puts a member in, if it is in less than `most`. Nobody speaks in the channel before
    /// `first_message` is known.
    pub(crate) fn join(
        &self,
        channel: RoomName<'_>,
        member: &Arc<Member>,
        first_message: impl FnOnce() -> u64,
        most: usize,
    ) -> Join {
        let mut rooms = self.lock();
        let mine = rooms.by_seat.entry(member.seat()).or_default();
        if mine.contains(channel.as_str()) {
            return Join::Already;
        }
        if mine.len() >= most {
            return Join::TooMany;
        }
        mine.insert(channel.as_str().into());
        let places = rooms.channels.entry(channel.as_str().into()).or_default();
        places.push(Place {
            member: Arc::clone(member),
            first_message: first_message(),
        });
        Join::Joined
    }

    /// Takes a member out; false if it is not in.
    pub(crate) fn leave(&self, channel: RoomName<'_>, member: &Member) -> bool {
        let mut rooms = self.lock();
        let mine = rooms.by_seat.get_mut(&member.seat());
        let was_in = mine.is_some_and(|mine| mine.remove(channel.as_str()));
        if was_in {
            rooms.take_out(channel.as_str(), member);
        }
        was_in
    }

    /// Takes a member out of every channel.
    pub(crate) fn leave_all(&self, member: &Member) {
        let mut rooms = self.lock();
        for channel in rooms.by_seat.remove(&member.seat()).unwrap_or_default() {
            rooms.take_out(&channel, member);
        }
    }

    /// Name and number of members of each channel, `name:members name:members …`; of the first that
    /// fit into so many bytes.
    pub(crate) fn list(&self, longest: usize) -> String {
        let rooms = self.lock();
        let mut list = String::new();
        for (name, places) in &rooms.channels {
            let count = present(places).count();
            if count == 0 {
                continue;
            }
            let space = if list.is_empty() { "" } else { " " };
            let entry = format!("{space}{name}:{count}");
            if list.len() + entry.len() > longest {
                break;
            }
            list.push_str(&entry);
        }
        list
    }

    /// The names of a channel's members, in order of joining; `None` if there is no such channel.
    pub(crate) fn members(&self, channel: RoomName<'_>) -> Option<String> {
        let rooms = self.lock();
        let names = present(rooms.channels.get(channel.as_str())?)
            .map(|place| place.member.name().as_str());
        let names: Vec<_> = names.collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    /// Whom a member speaks to in a channel, and what `ticket` gives for that: who joins later is not
    /// among them, and reads nothing before that ticket. `None` if it is not in the channel.
    pub(crate) fn address<T>(
        &self,
        channel: RoomName<'_>,
        speaker: &Member,
        ticket: impl FnOnce() -> T,
    ) -> Option<(Vec<Arc<Member>>, T)> {
        let rooms = self.lock();
        let places = rooms.channels.get(channel.as_str())?;
        place_of(places, speaker)?;
        let others = present(places).filter(|place| place.member.seat() != speaker.seat());
        let others = others.map(|place| Arc::clone(&place.member)).collect();
        Some((others, ticket()))
    }

    /// The first message of a channel that a member may read; `None` if it is not in it.
    pub(crate) fn first_message(&self, channel: RoomName<'_>, member: &Member) -> Option<u64> {
        let rooms = self.lock();
        let places = rooms.channels.get(channel.as_str())?;
        Some(place_of(places, member)?.first_message)
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rooms {
    /// A channel ends with its last member.
    fn take_out(&mut self, channel: &str, member: &Member) {
        if let Some(places) = self.channels.get_mut(channel) {
            places.retain(|place| place.member.seat() != member.seat());
            if places.is_empty() {
                self.channels.remove(channel);
            }
        }
    }
}

fn present(places: &[Place]) -> impl Iterator<Item = &Place> {
    places.iter().filter(|place| !place.member.has_left())
}

fn place_of<'a>(places: &'a [Place], member: &Member) -> Option<&'a Place> {
    places
        .iter()
        .find(|place| place.member.seat() == member.seat())
}
