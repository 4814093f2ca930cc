//! Who is online: join, find, leave; no I/O.

use std::{
    collections::{BTreeMap, HashMap},
    sync::PoisonError,
};

use protocol::{OwnedName, UserName};

use crate::{
    member::Member,
    system::{Arc, Mutex, MutexGuard},
};

/// The members, findable by name and in the order in which they logged in.
///
/// A member that [has left](Member::has_left) is not there for anybody who asks, even while its own
/// thread has yet to take it out. That thread alone does so.
#[derive(Default)]
pub(crate) struct Roster {
    /// Never held during I/O, and never while a link's turn is taken or awaited: it can wait for
    /// nothing. A thread that panicked under it leaves it usable, each change being one insertion
    /// or removal in either map.
    members: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    by_name: HashMap<OwnedName, Arc<Member>>,
    /// Keyed by seat, which counts logins: joining, leaving and the order cost no scan.
    by_seat: BTreeMap<u64, Arc<Member>>,
    seats: u64,
}

impl Roster {
    /// Lets a user in, made by `member` from name and seat.
    ///
    /// # Errors
    /// The member who has the name already.
    pub(crate) fn join(
        &self,
        name: UserName<'_>,
        member: impl FnOnce(OwnedName, u64) -> Member,
    ) -> Result<Arc<Member>, Arc<Member>> {
        let mut members = self.lock();
        if let Some(holder) = members.by_name.get(name.as_str())
            && !holder.has_left()
        {
            return Err(Arc::clone(holder));
        }
        members.seats += 1;
        let (name, seat) = (name.own(), members.seats);
        let member = Arc::new(member(name.clone(), seat));
        members.by_name.insert(name, Arc::clone(&member));
        members.by_seat.insert(seat, Arc::clone(&member));
        Ok(member)
    }

    /// The user with this name, if online.
    pub(crate) fn find(&self, name: UserName<'_>) -> Option<Arc<Member>> {
        let members = self.lock();
        members
            .by_name
            .get(name.as_str())
            .filter(|member| !member.has_left())
            .cloned()
    }

    /// Everybody online but this member, in the order in which they logged in.
    pub(crate) fn others(&self, than: &Member) -> Vec<Arc<Member>> {
        let members = self.lock();
        let others = members
            .by_seat
            .values()
            .filter(|member| member.seat() != than.seat());
        others
            .filter(|member| !member.has_left())
            .cloned()
            .collect()
    }

    /// Everybody online: this member first, then the others in the order in which they logged in.
    pub(crate) fn everybody(&self, first: &Arc<Member>) -> Vec<Arc<Member>> {
        let mut everybody = vec![Arc::clone(first)];
        everybody.extend(self.others(first));
        everybody
    }

    /// The names of everybody online, separated by spaces: this member's first, then the others' in
    /// the order in which they logged in, as in the handout's appendix.
    pub(crate) fn names(&self, first: &Member) -> String {
        let mut names = String::from(first.name().as_str());
        for member in self.lock().by_seat.values() {
            if member.seat() != first.seat() && !member.has_left() {
                names.push(' ');
                names.push_str(member.name().as_str());
            }
        }
        names
    }

    /// Takes out this very member, not a namesake who came in after it. Says how many are left.
    pub(crate) fn leave(&self, member: &Member) -> usize {
        let mut members = self.lock();
        members.by_seat.remove(&member.seat());
        let name = member.name().as_str();
        if members
            .by_name
            .get(name)
            .is_some_and(|holder| holder.seat() == member.seat())
        {
            members.by_name.remove(name);
        }
        members.by_seat.len()
    }

    /// How many are online.
    pub(crate) fn count(&self) -> usize {
        self.lock().by_seat.len()
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
