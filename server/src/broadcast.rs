//! One message to many links at once.

use std::time::Duration;

use crate::{
    link::{DeliveryError, GRACE, Wait},
    member::Member,
    system::{Arc, Instant, thread},
    turn::Place,
};

/// How long all lines having been sent, receipts are waited for one by one.
const IN_TURN: Duration = Duration::from_millis(20);

/// After that, the shortest and the longest nap between two rounds of looking for receipts. In between
/// it is an eighth of the time already spent, so that many silent receivers cost few rounds and a
/// quick one is not held for long.
const NAP: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(20));

/// Sends all of these members the line that is for them, one right after the other, and only then
/// collects the receipts. Says who did not acknowledge and why.
///
/// Nobody waits for a stranger here: each receiver's turn ends with its own receipt, however slow or
/// silent others are, and a receiver whose Lb is in somebody else's use gets the line when those are
/// through who asked before, or not at all if they are not within `patience`, or if the sender is not
/// there any more. No turn is awaited while others are held: it is asked for again and again.
pub(crate) fn broadcast<'a>(
    receivers: &'a [Arc<Member>],
    line_for: impl Fn(&Member) -> &'a [u8],
    patience: Duration,
    mut is_sender_there: impl FnMut() -> bool,
) -> Vec<(&'a Member, DeliveryError)> {
    let start = Instant::now();
    let mut failures = Vec::new();
    let mut unsent: Vec<(&Member, Option<Place>)> = Vec::with_capacity(receivers.len());
    unsent.extend(receivers.iter().map(|member| (&**member, None)));
    let mut under_way = Vec::with_capacity(receivers.len());
    // Waiting for receipts in the order of sending costs the fewest calls, as the later ones come
    // meanwhile. But those are not to wait for long.
    let mut wait = Wait::Slice;
    loop {
        unsent.retain_mut(|(member, place)| {
            let member = *member;
            match member.link().try_begin(line_for(member), patience, place) {
                None => return true,
                Some(Ok(delivery)) => under_way.push((member, delivery)),
                Some(Err(error)) => failures.extend(failure(member, Err(error))),
            }
            false
        });
        let sent = Instant::now();
        under_way.retain_mut(|(member, delivery)| {
            let mut outcome = delivery.advance(Wait::No);
            if outcome.is_none() && wait == Wait::Slice {
                outcome = delivery.advance(Wait::Slice);
                if outcome.is_none() || sent.elapsed() > IN_TURN {
                    wait = Wait::No;
                }
            }
            let Some(outcome) = outcome else { return true };
            failures.extend(failure(member, outcome));
            false
        });
        wait = Wait::No;
        let spent = start.elapsed();
        let gone = !is_sender_there();
        if gone || spent > patience + GRACE {
            let why = || match gone {
                true => DeliveryError::SenderGone,
                false => DeliveryError::Busy,
            };
            failures.extend(unsent.drain(..).map(|(member, _)| (member, why())));
        }
        if unsent.is_empty() && under_way.is_empty() {
            return failures;
        }
        thread::park_timeout((spent / 8).clamp(NAP.0, NAP.1));
    }
}

fn failure(
    member: &Member,
    outcome: Result<(), DeliveryError>,
) -> Option<(&Member, DeliveryError)> {
    member.settle(outcome).err().map(|error| (member, error))
}
