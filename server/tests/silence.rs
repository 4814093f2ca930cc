//! Nobody waits for a stranger's silence: it hurts those alone who deal with the silent one.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use testkit::{Answering, Lb, Peer, Server, User, wait_until};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const DELIVERED: &str = "303 Message delivery successful";
const FAILED: &str = "304 Message delivery failed";

/// Two users say something to each other, so often.
fn talk(one: &mut Answering, other: &mut Answering, names: [&str; 2], count: usize) {
    for _ in 0..count {
        assert_eq!(one.ask(&format!("/to {} hi", names[1])), DELIVERED);
        other.expect(&format!("/from {} hi", names[0]));
        assert_eq!(other.ask(&format!("/to {} hi", names[0])), DELIVERED);
        one.expect(&format!("/from {} hi", names[1]));
    }
}

#[test]
fn five_of_twenty_are_silent() {
    let timeout = Duration::from_secs(4);
    let server = Server::start(SERVER, &["--ack-timeout", "4"]);
    let mut jacky = server.user("jacky");
    let mut silent = Vec::new();
    let mut others = Vec::new();
    for number in 0..20 {
        let user = server.user(&format!("user{number}"));
        if number % 4 == 0 {
            silent.push(user)
        } else {
            others.push(user.answering())
        }
    }

    let start = Instant::now();
    jacky.la.say("/toall hello");
    for other in &others {
        other.expect("/broadcastfrom jacky hello");
    }
    // While jacky waits, others talk, and even broadcast to those who are not in jacky's turn.
    let [one, other, ..] = &mut others[..] else {
        unreachable!()
    };
    talk(one, other, ["user1", "user2"], 100);
    assert_eq!(
        jacky.la.next_line(Duration::from_millis(1)),
        None,
        "the talk was over before the 304"
    );
    jacky.la.expect(FAILED);
    let waited = start.elapsed();
    assert!(
        waited >= timeout && waited < 2 * timeout,
        "{waited:?}: one timeout, not five"
    );

    assert_eq!(jacky.ask("/toall again"), DELIVERED);
    for other in &others {
        other.expect("/broadcastfrom jacky again");
    }
    for mut user in silent {
        user.lb.expect("/broadcastfrom jacky hello");
        user.lb.expect_end();
        user.la.expect_end();
    }
}

#[test]
fn receivers_who_answer_one_after_another_hold_up_nobody_else() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let (mut jacky, mut michael) = (server.user("jacky"), server.user("michael"));
    let mut slow: Vec<User> = (0..40)
        .map(|number| server.user(&format!("user{number}")))
        .collect();
    let fast = server.user("bob").answering();
    jacky.la.say("/toall hello");
    fast.expect("/broadcastfrom jacky hello");
    michael.receive("/broadcastfrom jacky hello");
    let one_by_one = std::thread::spawn(move || {
        for user in &mut slow {
            user.lb.expect("/broadcastfrom jacky hello");
            std::thread::sleep(Duration::from_millis(15));
            user.acknowledge();
        }
        slow
    });
    michael.la.say("/to bob hi");
    fast.expect("/from michael hi");
    michael.la.expect(DELIVERED);
    assert_eq!(
        jacky.la.next_line(Duration::from_millis(1)),
        None,
        "before the broadcast was over"
    );
    jacky.la.expect(DELIVERED);
    drop(one_by_one.join());
}

#[test]
fn two_broadcasts_with_a_silent_receiver_cost_one_timeout() {
    let server = Server::start(SERVER, &["--ack-timeout", "2"]);
    let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
    let mut michael = server.user("michael").answering();
    let silent = server.user("user0");
    let start = Instant::now();
    jacky.la.say("/toall one");
    bob.receive("/broadcastfrom jacky one");
    bob.la.say("/toall two");
    jacky.receive("/broadcastfrom bob two");
    michael.expect("/broadcastfrom jacky one");
    michael.expect("/broadcastfrom bob two");
    assert_eq!(
        michael.ask("/list"),
        "301 michael jacky bob user0",
        "michael has both before it ends"
    );
    jacky.la.expect(FAILED);
    bob.la.expect(FAILED);
    assert!(start.elapsed() < Duration::from_secs(4));
    drop(silent);
}

#[test]
fn senders_to_a_silent_receiver_wait_for_one_timeout_together() {
    let server = Server::start(SERVER, &["--ack-timeout", "1"]);
    let _silent = server.user("bob");
    let mut senders: Vec<User> = (0..8)
        .map(|number| server.user(&format!("user{number}")))
        .collect();
    let start = Instant::now();
    senders
        .iter_mut()
        .for_each(|sender| sender.la.say("/to bob hi"));
    senders
        .iter_mut()
        .for_each(|sender| sender.la.expect(FAILED));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_receiver_who_acknowledges_what_it_does_not_read() {
    let server = Server::start(SERVER, &["--ack-timeout", "1"]);
    let mut jacky = server.user("jacky");
    let mut others = ["michael", "user1"].map(|name| server.user(name).answering());
    let mut la = server.dial();
    la.say("/login bob bob-secret");
    la.expect("101 Authentication successful");
    let listener = Lb::listen_narrow();
    la.say(&format!("/port {}", listener.port()));
    la.expect("201 Build connection successful");
    let mut bob = User {
        la,
        lb: listener.accept(),
    };

    let big = format!("/to bob {}", "x".repeat(8000));
    for round in 0.. {
        assert!(round < 2000, "16 MB went into a window of a few KB");
        jacky.la.say(&big);
        // Long enough for the message to be on its way, so that the receipt is not ahead of it.
        let mut reply = jacky.la.next_line(Duration::from_millis(3));
        if reply.is_none() {
            let _ = bob.lb.try_send("302 Message receipt successful\n");
            reply = jacky.la.next_line(Duration::from_millis(300));
        }
        // With the window full, that receipt came before the whole line was sent: it is none, even
        // if there is room at last.
        let blocked = reply.is_none();
        if blocked {
            let _ = bob.lb.next_line(Duration::from_millis(100));
        }
        let reply = reply.unwrap_or_else(|| jacky.la.line());
        assert!(!blocked || reply == FAILED);
        if reply == FAILED {
            break;
        }
    }
    bob.la.expect_end();
    let [one, other] = &mut others;
    talk(one, other, ["michael", "user1"], 10);
    assert_eq!(jacky.ask("/toall hi"), DELIVERED);
}

#[test]
fn a_dial_into_a_full_backlog() {
    let server = Server::start(SERVER, &["--dial-timeout", "1.5"]);
    let mut others = ["michael", "user1"].map(|name| server.user(name).answering());
    let (full, _queued) = Lb::listen_full();
    let mut bob = server.dial();
    bob.say("/login bob bob-secret");
    bob.expect("101 Authentication successful");
    let start = Instant::now();
    bob.say(&format!("/port {}", full.port()));
    let [one, other] = &mut others;
    talk(one, other, ["michael", "user1"], 50);
    assert_eq!(
        bob.next_line(Duration::from_millis(1)),
        None,
        "the talk was over before the 202"
    );
    bob.expect("202 Build connection failed");
    assert!(start.elapsed() >= Duration::from_millis(1500));
    // And bob may try again.
    let listener = Lb::listen();
    assert_eq!(
        bob.ask(&format!("/port {}", listener.port())),
        "201 Build connection successful"
    );
}

#[test]
fn replies_that_are_never_read() {
    let server = Server::start(SERVER, &["--ack-timeout", "1"]);
    let mut others = ["michael", "user1"].map(|name| server.user(name).answering());
    let mut deaf = server.user("bob");
    // It takes commands until the way back is full; then it may not even take these.
    deaf.la.stream().set_nonblocking(true).unwrap();
    while deaf.la.try_send("/list\n".repeat(1000)).is_ok() {}
    let [one, other] = &mut others;
    talk(one, other, ["michael", "user1"], 50);
    assert_eq!(one.ask("/to nobody hi"), FAILED);
    wait_until("bob is sent away", || {
        one.ask("/list") == "301 michael user1"
    });
}

#[test]
fn the_wait_for_a_turn_has_an_end_too() {
    let server = Server::start(SERVER, &["--ack-timeout", "0.8"]);
    let mut slow = server.user("bob");
    let mut senders: Vec<User> = (0..6)
        .map(|number| server.user(&format!("user{number}")))
        .collect();
    let start = Instant::now();
    senders
        .iter_mut()
        .for_each(|sender| sender.la.say("/to bob hi"));
    let slow = std::thread::spawn(move || {
        let mut count = 0;
        while slow.lb.next_line(Duration::from_secs(2)).is_some() {
            count += 1;
            slow.lb.expect_silence(Duration::from_millis(600));
            slow.acknowledge();
        }
        count
    });
    let replies: Vec<String> = senders.iter_mut().map(|sender| sender.la.line()).collect();
    assert!(
        start.elapsed() < Duration::from_millis(2400),
        "a turn and a receipt, not six of them"
    );
    let delivered = replies.iter().filter(|&reply| reply == DELIVERED).count();
    assert!(
        delivered >= 1
            && replies
                .iter()
                .all(|reply| reply == DELIVERED || reply == FAILED)
    );
    assert_eq!(
        slow.join().unwrap(),
        delivered,
        "who gave up has not been heard"
    );
}

/// Takes so many messages, each a while after it came; says whose they were.
fn take_slowly(user: &mut User, count: usize) -> Vec<String> {
    let one = |_| {
        let line = user.lb.line();
        std::thread::sleep(Duration::from_millis(20));
        user.acknowledge();
        line.split(' ').nth(1).unwrap_or(&line).to_owned()
    };
    (0..count).map(one).collect()
}

#[test]
fn one_who_writes_all_the_time_holds_up_nobody_else() {
    let server = Server::start(SERVER, &[]);
    let (mut jacky, mut michael) = (server.user("jacky"), server.user("michael"));
    let mut bob = server.user("bob");
    jacky.la.send("/to bob hi\n".repeat(30));
    let before = take_slowly(&mut bob, 1);
    michael.la.say("/to bob hello");
    let after = take_slowly(&mut bob, 30);
    // One receipt later; the rest is for a machine that is busy.
    let place = after.iter().position(|sender| sender == "michael");
    assert!(place < Some(15), "{before:?}, then {after:?}");
    michael.la.expect(DELIVERED);
    (0..30).for_each(|_| jacky.la.expect(DELIVERED));
}

#[test]
fn a_hundred_who_write_to_one_at_once_are_all_heard() {
    let server = Server::start_for(SERVER, &[], testkit::users_file(100));
    let mut bob = server.user("bob");
    let mut senders: Vec<User> = (0..100)
        .map(|number| server.user(&format!("user{number}")))
        .collect();
    senders
        .iter_mut()
        .for_each(|sender| sender.la.say("/to bob hi"));
    let mut heard = take_slowly(&mut bob, 100);
    heard.sort_unstable();
    heard.dedup();
    assert_eq!(heard.len(), 100);
    senders
        .iter_mut()
        .for_each(|sender| sender.la.expect(DELIVERED));
}

#[test]
fn a_log_that_nobody_reads() {
    let users = testkit::users_file(0);
    let mut server = Command::new(SERVER)
        .args(["0", users.path().to_str().unwrap(), "--bind", "127.0.0.1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .strip_prefix("Listening on ")
        .unwrap()
        .parse()
        .unwrap();
    for _ in 0..2500 {
        // Two lines each, into a pipe that takes some 800.
        assert_eq!(
            Peer::connect(address).ask("/list"),
            "401 Unrecognized message"
        );
    }
    server.kill().unwrap();
    server.wait().unwrap();
}
