//! Who is in which channel; no I/O. A channel is there while somebody is in it.

use std::collections::BTreeMap;

use protocol::extended::RoomName;

use crate::{
    member::Member,
    system::{Arc, Mutex, MutexGuard},
};

/// All channels, in alphabetical order. Whoever [has left](Member::has_left) is in none.
#[derive(Default)]
pub(crate) struct Channels {
    /// Like the roster's lock: held for a look-up, never during I/O or with another lock.
    channels: Mutex<BTreeMap<Box<str>, Vec<Place>>>,
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
    /// Puts a member in, if it is in less than `most`.
    pub(crate) fn join(
        &self,
        channel: RoomName<'_>,
        member: &Arc<Member>,
        first_message: u64,
        most: usize,
    ) -> Join {
        let mut channels = self.lock();
        let mut mine = channels
            .iter()
            .filter(|(_, places)| place_of(places, member).is_some());
        if channels
            .get(channel.as_str())
            .is_some_and(|places| place_of(places, member).is_some())
        {
            return Join::Already;
        }
        if mine.nth(most - 1).is_some() {
            return Join::TooMany;
        }
        let places = channels.entry(channel.as_str().into()).or_default();
        places.push(Place {
            member: Arc::clone(member),
            first_message,
        });
        Join::Joined
    }

    /// Takes a member out; false if it is not in.
    pub(crate) fn leave(&self, channel: RoomName<'_>, member: &Member) -> bool {
        let mut channels = self.lock();
        let Some(places) = channels.get_mut(channel.as_str()) else {
            return false;
        };
        let before = places.len();
        places.retain(|place| place.member.seat() != member.seat());
        let was_in = places.len() < before;
        if places.is_empty() {
            channels.remove(channel.as_str());
        }
        was_in
    }

    /// Takes a member out of every channel.
    pub(crate) fn leave_all(&self, member: &Member) {
        self.lock().retain(|_, places| {
            places.retain(|place| place.member.seat() != member.seat());
            !places.is_empty()
        });
    }

    /// Name and number of members of each channel: `name:members name:members …`.
    pub(crate) fn list(&self) -> String {
        let channels = self.lock();
        let counted = channels
            .iter()
            .map(|(name, places)| (name, present(places).count()));
        let listed = counted.filter(|&(_, count)| count > 0);
        listed
            .map(|(name, count)| format!("{name}:{count}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The names of a channel's members, in order of joining; `None` if there is no such channel.
    pub(crate) fn members(&self, channel: RoomName<'_>) -> Option<String> {
        let channels = self.lock();
        let names =
            present(channels.get(channel.as_str())?).map(|place| place.member.name().as_str());
        let names: Vec<_> = names.collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    /// A channel's members but this one; `None` if this one is not in it.
    pub(crate) fn others(&self, channel: RoomName<'_>, than: &Member) -> Option<Vec<Arc<Member>>> {
        let channels = self.lock();
        let places = channels.get(channel.as_str())?;
        place_of(places, than)?;
        let others = present(places).filter(|place| place.member.seat() != than.seat());
        Some(others.map(|place| Arc::clone(&place.member)).collect())
    }

    /// The first message of a channel that a member may read; `None` if it is not in it.
    pub(crate) fn first_message(&self, channel: RoomName<'_>, member: &Member) -> Option<u64> {
        Some(place_of(self.lock().get(channel.as_str())?, member)?.first_message)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Vec<Place>>> {
        self.channels
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
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
