//! Roster, link and broadcast under a checker of concurrency: the server's own files, over locks whose
//! every order of events is tried at random, and over sockets that are queues. A deadlock, a lost
//! receipt or two unacknowledged messages fail the test, with a schedule that repeats it.

#![allow(clippy::unwrap_used, clippy::panic)] // this is test code

#[allow(dead_code)]
#[path = "../../src/broadcast.rs"]
mod broadcast;
#[allow(dead_code)]
#[path = "../../src/link.rs"]
mod link;
#[allow(dead_code)]
#[path = "../../src/member.rs"]
mod member;
#[allow(dead_code)]
#[path = "../../src/roster.rs"]
mod roster;
mod system;
#[allow(dead_code)]
#[path = "../../src/turn.rs"]
mod turn;

use std::time::Duration;

use protocol::{ChatText, Delivery, UserName, set_line};
use shuttle::{
    check_pct, check_random,
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
};

use broadcast::broadcast;
use member::Member;
use roster::Roster;
use system::TcpStream;
use turn::Turn;

const PATIENCE: Duration = Duration::from_secs(5);
/// Orders of events to try, for each test and each way of choosing them.
const ROUNDS: usize = 250;
const NAMES: [&str; 3] = ["alice", "bob", "carol"];

/// What a receiver does with each delivery.
#[derive(Clone, Copy)]
enum Receiver {
    Acknowledges,
    Refuses,
    KeepsSilent,
}

/// One user: the member, and what its client has received.
struct User {
    member: Arc<Member>,
    received: Arc<Mutex<Vec<String>>>,
    client: JoinHandle<()>,
}

fn join(roster: &Roster, name: &str, receiver: Receiver) -> User {
    let (la, _) = TcpStream::pair();
    let name = UserName::new(name).unwrap();
    let make = |name, seat| Member::new(name, seat, Arc::new(la));
    let member = roster
        .join(name, make)
        .unwrap_or_else(|_| panic!("{name} is taken"));
    let (lb, far_end) = TcpStream::pair();
    member.link().attach(lb).unwrap();
    let received = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&received);
    let client = thread::spawn(move || {
        while let Some(line) = far_end.line() {
            // A second message while one is unacknowledged would be here by now, or be found by
            // the one who looks next.
            assert!(!far_end.has_more(), "two unacknowledged messages");
            seen.lock().unwrap().push(line);
            match receiver {
                Receiver::Acknowledges => far_end.say("302 Message receipt successful\n"),
                Receiver::Refuses => far_end.say("401 Unrecognized message\n"),
                Receiver::KeepsSilent => {}
            }
        }
    });
    User {
        member,
        received,
        client,
    }
}

fn leave(roster: &Roster, user: User) -> Vec<String> {
    user.member.retire();
    roster.leave(&user.member);
    user.client.join().unwrap();
    user.received.lock().unwrap().clone()
}

fn line(from: &Member, text: &str) -> Vec<u8> {
    let mut line = Vec::new();
    set_line(
        &mut line,
        Delivery::From(from.name(), ChatText::new(text).unwrap()),
    );
    line
}

/// `/to`, as a session does it.
fn send_to(roster: &Roster, from: &Member, to: &str, text: &str) -> bool {
    let Some(receiver) = roster.find(UserName::new(to).unwrap()) else {
        return false;
    };
    let outcome = receiver
        .link()
        .deliver(&line(from, text), PATIENCE, || true);
    receiver.settle(outcome).is_ok()
}

/// `/toall`, as a session does it.
fn send_to_all(roster: &Roster, from: &Member, text: &str) -> bool {
    let receivers = roster.others(from);
    let line = line(from, text);
    broadcast(&receivers, |_| &line, PATIENCE, || true).is_empty()
}

fn everywhere(model: fn()) {
    check_random(model, ROUNDS);
    check_pct(model, ROUNDS, 3);
}

#[test]
fn all_write_to_each_other_to_themselves_and_to_all() {
    everywhere(|| {
        let roster = Arc::new(Roster::default());
        let users = NAMES.map(|name| join(&roster, name, Receiver::Acknowledges));
        let senders = users.each_ref().map(|user| {
            let (roster, me) = (Arc::clone(&roster), Arc::clone(&user.member));
            thread::spawn(move || {
                assert!(send_to_all(&roster, &me, "all"));
                NAMES
                    .iter()
                    .for_each(|to| assert!(send_to(&roster, &me, to, "one")));
                assert!(send_to_all(&roster, &me, "all"));
            })
        });
        senders
            .into_iter()
            .for_each(|sender| sender.join().unwrap());
        for user in users {
            // Two broadcasts from each of the others, one message from each, oneself included.
            assert_eq!(leave(&roster, user).len(), 2 * 2 + 3);
        }
    });
}

#[test]
fn one_who_is_silent_fails_alone_and_is_gone() {
    everywhere(|| {
        let roster = Arc::new(Roster::default());
        let alice = join(&roster, "alice", Receiver::Acknowledges);
        let bob = join(&roster, "bob", Receiver::KeepsSilent);
        let carol = join(&roster, "carol", Receiver::Acknowledges);
        let senders = [&alice, &carol].map(|user| {
            let (roster, me) = (Arc::clone(&roster), Arc::clone(&user.member));
            thread::spawn(move || {
                let before = send_to_all(&roster, &me, "first");
                assert!(roster.find(UserName::new("bob").unwrap()).is_none() || !before);
                assert!(!send_to(&roster, &me, "bob", "anybody there?"));
                assert!(send_to_all(&roster, &me, "second"), "nobody silent is left");
            })
        });
        senders
            .into_iter()
            .for_each(|sender| sender.join().unwrap());
        assert_eq!(roster.names(&alice.member), "alice carol");
        assert_eq!(leave(&roster, alice).len(), 2);
        assert_eq!(leave(&roster, carol).len(), 2);
        assert_eq!(
            leave(&roster, bob).len(),
            1,
            "one message, and no second one after it"
        );
    });
}

#[test]
fn one_who_refuses_fails_alone_and_stays() {
    everywhere(|| {
        let roster = Arc::new(Roster::default());
        let alice = join(&roster, "alice", Receiver::Acknowledges);
        let bob = join(&roster, "bob", Receiver::Refuses);
        let (shared, me) = (Arc::clone(&roster), Arc::clone(&bob.member));
        let sender = thread::spawn(move || assert!(send_to(&shared, &me, "alice", "hi")));
        assert!(!send_to(&roster, &alice.member, "bob", "hi"));
        assert!(!send_to_all(&roster, &alice.member, "hi"));
        sender.join().unwrap();
        assert_eq!(roster.names(&alice.member), "alice bob");
        assert_eq!(
            (leave(&roster, alice).len(), leave(&roster, bob).len()),
            (1, 2)
        );
    });
}

#[test]
fn who_leaves_under_way_delays_nobody_and_the_name_has_one_holder() {
    everywhere(|| {
        let roster = Arc::new(Roster::default());
        let alice = join(&roster, "alice", Receiver::Acknowledges);
        let sender = {
            let (roster, me) = (Arc::clone(&roster), Arc::clone(&alice.member));
            thread::spawn(move || {
                send_to(&roster, &me, "bob", "hi");
                send_to_all(&roster, &me, "hi");
            })
        };
        let bobs = [0, 1].map(|_| {
            let roster = Arc::clone(&roster);
            thread::spawn(move || {
                let (la, _) = TcpStream::pair();
                let name = UserName::new("bob").unwrap();
                let make = |name, seat| Member::new(name, seat, Arc::new(la));
                let Ok(bob) = roster.join(name, make) else {
                    return false;
                };
                let (lb, far_end) = TcpStream::pair();
                bob.link().attach(lb).unwrap();
                far_end.say_later("302 Message receipt successful\n");
                bob.retire();
                roster.leave(&bob);
                true
            })
        });
        let joined = bobs.map(|bob| bob.join().unwrap());
        assert!(joined.contains(&true));
        sender.join().unwrap();
        assert!(roster.find(UserName::new("bob").unwrap()).is_none());
        assert_eq!(roster.names(&alice.member), "alice");
        leave(&roster, alice);
    });
}

#[test]
fn turns_come_in_the_order_of_asking_and_everybody_is_called() {
    everywhere(|| {
        let turn = Arc::new(Turn::default());
        let order = Arc::new(Mutex::new(Vec::new()));
        let ask = |number| {
            let (turn, order) = (Arc::clone(&turn), Arc::clone(&order));
            let (tell, told) = mpsc::channel();
            let asker = thread::spawn(move || {
                let mut place = None;
                let mut held = turn.take(&mut place);
                tell.send(()).unwrap();
                if number == 0 || number == 2 {
                    return; // and holds up nobody
                }
                while held.is_none() {
                    // Not for a time: a call that is lost is a deadlock here.
                    thread::park();
                    held = turn.take(&mut place);
                }
                order.lock().unwrap().push(number);
            });
            told.recv().unwrap();
            asker
        };
        let held = turn.try_take().unwrap();
        let mut askers = [0, 1, 2, 3].map(ask).into_iter().collect::<Vec<_>>();
        drop(held);
        askers.push(ask(4));
        askers.into_iter().for_each(|asker| asker.join().unwrap());
        assert_eq!(*order.lock().unwrap(), [1, 3, 4]);
        assert!(turn.try_take().is_some(), "nobody is left");
    });
}
