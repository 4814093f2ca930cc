//! All pairs write to each other, to themselves and to all at once, for thousands of messages.

use std::{collections::HashMap, thread};

use testkit::{Answering, Server};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const DELIVERED: &str = "303 Message delivery successful";
const CROWD: usize = 8;
const ROUNDS: usize = 40;

#[test]
fn all_at_once_and_nothing_is_lost_or_doubled() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let join = |number| server.user(&format!("user{number}")).answering();
    let crowd: Vec<Answering> = (0..CROWD).map(join).collect();
    let talking: Vec<_> = crowd
        .into_iter()
        .enumerate()
        .map(|(me, mut user)| {
            thread::spawn(move || {
                for round in 0..ROUNDS {
                    // Half of the receivers are written to ahead of their replies.
                    for to in 0..CROWD {
                        user.la.say(&format!("/to user{to} {me} {round}"));
                        if to % 2 == 1 {
                            user.la.expect(DELIVERED);
                            user.la.expect(DELIVERED);
                        }
                    }
                    assert_eq!(user.ask(&format!("/toall {me} {round}")), DELIVERED);
                }
                (me, user)
            })
        })
        .collect();
    let talked: Vec<_> = talking
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    for (me, user) in talked {
        let mut counts = HashMap::new();
        for line in user.received() {
            *counts.entry(line).or_insert(0) += 1;
        }
        for from in 0..CROWD {
            for round in 0..ROUNDS {
                let private = format!("/from user{from} {from} {round}");
                let broadcast = format!("/broadcastfrom user{from} {from} {round}");
                assert_eq!(counts.remove(&private), Some(1), "{private} to {me}");
                let expected = (from != me).then_some(1);
                assert_eq!(counts.remove(&broadcast), expected, "{broadcast} to {me}");
            }
        }
        assert!(counts.is_empty(), "{counts:?}");
    }
}
