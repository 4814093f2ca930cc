//! The turn to speak on one link: whose it is, and who is next.

use std::{
    collections::VecDeque,
    ops::{Deref, DerefMut},
    sync::PoisonError,
};

use crate::system::{
    AtomicUsize, Mutex, MutexGuard, Ordering, TryLockError,
    thread::{self, Thread},
};

/// The turn on one link. Who asks first has it first, so that somebody who writes all the time keeps
/// nobody else waiting for more than one receipt.
#[derive(Default)]
pub(crate) struct Turn {
    /// Locked by whose turn it is, for one write and its receipt (handout, section III, note 1). It
    /// guards whether the link can be spoken on. Once the link stands, it is only ever tried for.
    usable: Mutex<bool>,
    /// The threads that wait for the turn, in the order of asking. Locked for moments, in which the
    /// turn may be tried for.
    waiting: Mutex<VecDeque<Thread>>,
    /// How many those are, for whoever need not know more: with a thousand receivers, a second lock
    /// for each was 3 % of a `/toall`. Changed under that lock.
    count: AtomicUsize,
}

/// Whoever has this has the turn.
pub(crate) struct Held<'a> {
    // Fields are dropped in this order: the next one who is called must find the turn free.
    usable: MutexGuard<'a, bool>,
    _then: CallNext<'a>,
}

/// A thread's place in the line for one turn, given up when dropped.
pub(crate) struct Place<'a>(&'a Turn);

struct CallNext<'a>(&'a Turn);

impl Turn {
    /// Takes the turn if it is free and nobody waits for it.
    pub(crate) fn try_take(&self) -> Option<Held<'_>> {
        match self.is_awaited() {
            true => None,
            false => self.hold(),
        }
    }

    /// Takes the turn if it is free and nobody else has asked for it before. If not, the asking thread
    /// has a `place` in the line from then on, and is unparked when it may be worth asking again.
    /// Until then nobody behind it has the turn: it should have nothing else to do.
    pub(crate) fn take<'a>(&'a self, place: &mut Option<Place<'a>>) -> Option<Held<'a>> {
        if place.is_none()
            && let Some(held) = self.try_take()
        {
            return Some(held);
        }
        let mut waiting = self.waiting();
        if place.is_none() {
            // First the place, then another try: who gives the turn back meanwhile sees either.
            waiting.push_back(thread::current());
            self.count.store(waiting.len(), Ordering::SeqCst);
            *place = Some(Place(self));
        }
        if !waiting.front().is_some_and(is_me) {
            return None;
        }
        let held = self.hold()?;
        waiting.pop_front();
        self.count.store(waiting.len(), Ordering::SeqCst);
        Some(held)
    }

    fn is_awaited(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }

    /// Waits for the turn before everybody else. For who makes the link: nobody can speak on it yet,
    /// so that the turn is never anybody's for long.
    pub(crate) fn take_first(&self) -> Held<'_> {
        self.held(self.usable.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hold(&self) -> Option<Held<'_>> {
        match self.usable.try_lock() {
            Ok(usable) => Some(self.held(usable)),
            Err(TryLockError::Poisoned(error)) => Some(self.held(error.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn held<'a>(&'a self, usable: MutexGuard<'a, bool>) -> Held<'a> {
        Held {
            usable,
            _then: CallNext(self),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Thread>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CallNext<'_> {
    fn drop(&mut self) {
        if self.0.is_awaited()
            && let Some(next) = self.0.waiting().front()
        {
            next.unpark();
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        // Who had the turn is not in the line any more.
        if let Some(place) = waiting.iter().position(is_me) {
            waiting.remove(place);
            self.0.count.store(waiting.len(), Ordering::SeqCst);
            // It may have been called, and has not come.
            if let (0, Some(next)) = (place, waiting.front()) {
                next.unpark();
            }
        }
        if waiting.is_empty() {
            waiting.shrink_to_fit();
        }
    }
}

fn is_me(thread: &Thread) -> bool {
    thread.id() == thread::current().id()
}

impl Deref for Held<'_> {
    type Target = bool;

    fn deref(&self) -> &bool {
        &self.usable
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut bool {
        &mut self.usable
    }
}
