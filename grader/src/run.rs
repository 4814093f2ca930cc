//! Playing many transcripts, one after the other or several at once.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use crate::{
    outcome::Outcome,
    play::{Examinee, Patience, play},
    script::Script,
};

/// Plays all of these, at most `jobs` at once, and hands out each outcome in their order.
pub fn play_all(
    scripts: &[Script],
    examinee: &Examinee,
    patience: Patience,
    jobs: usize,
    mut done: impl FnMut(&Script, Outcome),
) {
    let next = AtomicUsize::new(0);
    let (sender, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, scripts.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(script) = scripts.get(number) else {
                        return;
                    };
                    // Nobody is left to hear it only if this whole call is being given up.
                    let _ = sender.send((number, play(script, examinee, patience)));
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut turn = 0;
        for (number, outcome) in outcomes {
            waiting.insert(number, outcome);
            while let (Some(outcome), Some(script)) = (waiting.remove(&turn), scripts.get(turn)) {
                done(script, outcome);
                turn += 1;
            }
        }
    });
}
