//! One message to many links at once.

use std::time::Duration;

use crate::{
    link::{Delivery, DeliveryError, GRACE, Wait},
    member::Member,
    system::{Arc, Instant, thread},
    turn::Place,
};

/// How long receipts are waited for one by one, once the lines are sent.
const IN_TURN: Duration = Duration::from_millis(20);

/// After that, the shortest and the longest nap between two rounds of looking for what has come. In
/// between it is an eighth of the time in which nothing came, so that many silent receivers cost few
/// rounds and a quick one is not held for long.
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
    let mut under_way = Vec::with_capacity(receivers.len());
    let mut unsent: Vec<(&Member, Option<Place>)> = Vec::new();
    for member in receivers {
        match member.link().try_begin(line_for(member), patience) {
            None => unsent.push((member, None)),
            Some(begun) => begin(member, begun, &mut under_way, &mut failures),
        }
    }

    // Waiting for receipts in the order of sending costs the fewest calls, as the later ones come
    // meanwhile. But those are not to wait for long.
    let mut last_came = Instant::now();
    let end = last_came + IN_TURN;
    let mut in_turn = true;
    under_way.retain_mut(|(member, delivery)| {
        let mut outcome = delivery.advance(Wait::No);
        if outcome.is_none() && in_turn {
            outcome = delivery.advance(Wait::Slice);
            in_turn = outcome.is_some() && Instant::now() < end;
        }
        let Some(outcome) = outcome else { return true };
        settle(member, outcome, &mut failures);
        false
    });

    // Only now the broadcast stands in line for whose turn is somebody else's: who is behind it waits
    // until it comes when it is called.
    loop {
        // Sending is progress, and so is a receipt.
        let left = 2 * unsent.len() + under_way.len();
        under_way.retain_mut(|(member, delivery)| {
            let Some(outcome) = delivery.advance(Wait::No) else {
                return true;
            };
            settle(member, outcome, &mut failures);
            false
        });
        unsent.retain_mut(|(member, place)| {
            let (line, member) = (line_for(member), *member);
            let Some(begun) = member.link().begin_in_line(line, patience, place) else {
                return true;
            };
            begin(member, begun, &mut under_way, &mut failures);
            false
        });
        if unsent.is_empty() && under_way.is_empty() {
            return failures;
        }
        let gone = !is_sender_there();
        if gone || start.elapsed() > patience + GRACE {
            let why = || match gone {
                true => DeliveryError::SenderGone,
                false => DeliveryError::Busy,
            };
            failures.extend(unsent.drain(..).map(|(member, _)| (member, why())));
        }
        if 2 * unsent.len() + under_way.len() < left {
            last_came = Instant::now();
        }
        thread::park_timeout((last_came.elapsed() / 8).clamp(NAP.0, NAP.1));
    }
}

fn begin<'a>(
    member: &'a Member,
    begun: Result<Delivery<'a>, DeliveryError>,
    under_way: &mut Vec<(&'a Member, Delivery<'a>)>,
    failures: &mut Vec<(&'a Member, DeliveryError)>,
) {
    match begun {
        Ok(delivery) => under_way.push((member, delivery)),
        Err(error) => settle(member, Err(error), failures),
    }
}

fn settle<'a>(
    member: &'a Member,
    outcome: Result<(), DeliveryError>,
    failures: &mut Vec<(&'a Member, DeliveryError)>,
) {
    if let Err(error) = member.settle(outcome) {
        failures.push((member, error));
    }
}
