//! A 303 is sent for a receipt of that very message, and for nothing else.

use std::time::{Duration, Instant};

use testkit::{Peer, Server, User, wait_until};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const DELIVERED: &str = "303 Message delivery successful";
const FAILED: &str = "304 Message delivery failed";
const TIMEOUT: Duration = Duration::from_millis(600);

fn start() -> (Server, User, User) {
    let server = Server::start(SERVER, &["--ack-timeout", "0.6"]);
    let (jacky, bob) = (server.user("jacky"), server.user("bob"));
    (server, jacky, bob)
}

/// Bob's link is dead: he is logged out, and may come back.
fn expect_logged_out(server: &Server, jacky: &mut User, mut bob: User) {
    assert_eq!(
        jacky.ask("/list"),
        "301 jacky",
        "out of the list before the 304"
    );
    bob.la.expect_end();
    bob.lb.rest();
    let mut bob = server.user("bob");
    jacky.la.say("/to bob again");
    bob.receive("/from jacky again");
    jacky.la.expect(DELIVERED);
}

#[test]
fn judged_by_its_code_alone() {
    let (_server, mut jacky, mut bob) = start();
    for receipt in [
        "302",
        "302 ",
        "302 Message receipt success",
        "302 whatever ünï",
    ] {
        jacky.la.say("/to bob hi");
        bob.lb.expect("/from jacky hi");
        bob.lb.say(receipt);
        jacky.la.expect(DELIVERED);
    }
}

#[test]
fn another_code_is_a_304_and_the_link_stays() {
    let (_server, mut jacky, mut bob) = start();
    for receipt in [
        "401 Unrecognized message",
        "304 no",
        "303 Message delivery successful",
        "999",
        "000 x",
    ] {
        jacky.la.say("/to bob hi");
        bob.lb.expect("/from jacky hi");
        bob.lb.say(receipt);
        jacky.la.expect(FAILED);
    }
    jacky.la.say("/to bob hi");
    bob.receive("/from jacky hi");
    jacky.la.expect(DELIVERED);
}

#[test]
fn silence_is_a_304_after_one_timeout() {
    let (server, mut jacky, bob) = start();
    let start = Instant::now();
    assert_eq!(jacky.ask("/to bob hi"), FAILED);
    assert!(start.elapsed() >= TIMEOUT);
    expect_logged_out(&server, &mut jacky, bob);
}

#[test]
fn a_byte_now_and_then_buys_no_time() {
    let (server, mut jacky, mut bob) = start();
    let start = Instant::now();
    jacky.la.say("/to bob hi");
    bob.lb.expect("/from jacky hi");
    for byte in b"302 Message receipt successful" {
        if jacky
            .la
            .next_line(Duration::from_millis(100))
            .is_some_and(|line| line == FAILED)
        {
            assert!(start.elapsed() < 2 * TIMEOUT);
            return expect_logged_out(&server, &mut jacky, bob);
        }
        let _ = bob.lb.try_send([*byte]);
    }
    panic!("no reply in time");
}

#[test]
fn a_receipt_without_newline_is_none() {
    let (server, mut jacky, mut bob) = start();
    jacky.la.say("/to bob hi");
    bob.lb.expect("/from jacky hi");
    bob.lb.send("302 Message receipt successful");
    jacky.la.expect(FAILED);
    expect_logged_out(&server, &mut jacky, bob);
}

#[test]
fn a_receipt_sent_ahead_is_none() {
    let (server, mut jacky, mut bob) = start();
    bob.acknowledge();
    // The bytes are on their way to the server; its own answer on La shows that it had time.
    assert_eq!(bob.ask("/list"), "301 bob jacky");
    assert_eq!(jacky.ask("/to bob hi"), FAILED);
    expect_logged_out(&server, &mut jacky, bob);
}

#[test]
fn two_receipts_for_one_message_are_none() {
    let (server, mut jacky, mut bob) = start();
    jacky.la.say("/to bob hi");
    bob.lb.expect("/from jacky hi");
    bob.lb
        .send("302 Message receipt successful\n302 Message receipt successful\n");
    jacky.la.expect(FAILED);
    expect_logged_out(&server, &mut jacky, bob);
}

#[test]
fn two_long_receipts_for_one_message_are_none() {
    for length in [63, 64, 65, 128] {
        let (server, mut jacky, mut bob) = start();
        jacky.la.say("/to bob hi");
        bob.lb.expect("/from jacky hi");
        let receipt = format!("302 {}\n", "x".repeat(length - 5));
        bob.lb.send(receipt.repeat(2));
        jacky.la.expect(FAILED);
        expect_logged_out(&server, &mut jacky, bob);
    }
}

#[test]
fn a_second_receipt_that_comes_later_does_not_serve_the_next_message() {
    let (server, mut jacky, mut bob) = start();
    jacky.la.say("/to bob one");
    bob.receive("/from jacky one");
    jacky.la.expect(DELIVERED);
    bob.acknowledge();
    assert_eq!(bob.ask("/list"), "301 bob jacky");
    assert_eq!(jacky.ask("/to bob two"), FAILED);
    expect_logged_out(&server, &mut jacky, bob);
}

#[test]
fn a_receipt_after_the_timeout_serves_nobody() {
    let (server, mut jacky, mut bob) = start();
    assert_eq!(jacky.ask("/to bob one"), FAILED);
    let _ = bob.lb.try_send("302 Message receipt successful\n");
    assert_eq!(jacky.ask("/to bob two"), FAILED);
    expect_logged_out(&server, &mut jacky, bob);
}

#[test]
fn garbage_is_a_304_and_the_end_of_the_link() {
    let long = "x".repeat(20_000);
    for garbage in ["ok", "", "30", "3022 x", "\u{1b}[2J", "302x", &long] {
        let (server, mut jacky, mut bob) = start();
        jacky.la.say("/to bob hi");
        bob.lb.expect("/from jacky hi");
        bob.lb.say(garbage);
        jacky.la.expect(FAILED);
        expect_logged_out(&server, &mut jacky, bob);
    }
}

#[test]
fn lb_closed_or_reset_between_message_and_receipt() {
    let ends: [fn(Peer); 3] = [drop, Peer::reset, |lb| {
        lb.half_close();
        std::mem::forget(lb);
    }];
    for end in ends {
        let (server, mut jacky, mut bob) = start();
        jacky.la.say("/to bob hi");
        bob.lb.expect("/from jacky hi");
        end(std::mem::replace(&mut bob.lb, server.dial()));
        jacky.la.expect(FAILED);
        assert_eq!(jacky.ask("/list"), "301 jacky");
        bob.la.expect_end();
    }
}

#[test]
fn lb_closed_before_the_message() {
    let (server, mut jacky, mut bob) = start();
    drop(std::mem::replace(&mut bob.lb, server.dial()));
    assert_eq!(jacky.ask("/to bob hi"), FAILED);
    assert_eq!(jacky.ask("/list"), "301 jacky");
    bob.la.expect_end();
}

#[test]
fn never_more_than_one_unacknowledged_message() {
    let (server, mut jacky, mut bob) = start();
    let mut michael = server.user("michael");
    jacky.la.say("/to bob one");
    bob.lb.expect("/from jacky one");
    michael.la.say("/to bob two");
    jacky.la.expect_silence(Duration::from_millis(50));
    bob.lb.expect_silence(Duration::from_millis(50));
    bob.acknowledge();
    jacky.la.expect(DELIVERED);
    bob.receive("/from michael two");
    michael.la.expect(DELIVERED);
}

#[test]
fn a_broadcast_reaches_all_at_once_and_waits_for_all() {
    let (server, mut jacky, mut bob) = start();
    let mut michael = server.user("michael");
    jacky.la.say("/toall hi");
    michael.lb.expect("/broadcastfrom jacky hi");
    bob.lb.expect("/broadcastfrom jacky hi");
    michael.acknowledge();
    jacky.la.expect_silence(Duration::from_millis(50));
    bob.acknowledge();
    jacky.la.expect(DELIVERED);
}

#[test]
fn a_broadcast_to_somebody_silent_is_a_304_and_the_next_one_a_303() {
    let (server, mut jacky, bob) = start();
    let mut michael = server.user("michael");
    jacky.la.say("/toall hi");
    michael.receive("/broadcastfrom jacky hi");
    jacky.la.expect(FAILED);
    drop(bob);
    assert_eq!(jacky.ask("/list"), "301 jacky michael");
    jacky.la.say("/toall hi");
    michael.receive("/broadcastfrom jacky hi");
    jacky.la.expect(DELIVERED);
}

#[test]
fn a_sender_who_dies_while_waiting_is_free_at_once() {
    let server = Server::start(SERVER, &["--ack-timeout", "30"]);
    let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
    for command in ["/to bob hi", "/toall hi"] {
        jacky.la.say(command);
        bob.lb.line();
        drop(jacky);
        wait_until("jacky's name is free", || {
            server.dial().ask("/login jacky jacky-secret") == "101 Authentication successful"
        });
        bob.acknowledge();
        wait_until("jacky has left again", || bob.ask("/list") == "301 bob");
        jacky = server.user("jacky");
    }
}

#[test]
fn a_client_that_treats_one_recv_as_one_message() {
    let (server, mut jacky, mut bob) = start();
    let mut michael = server.user("michael");
    for sender in [&mut jacky, &mut michael] {
        sender.la.send("/to bob one\n/to bob two\n/toall three\n");
    }
    let others = [
        (jacky, "/broadcastfrom michael three"),
        (michael, "/broadcastfrom jacky three"),
    ];
    let others = others.map(|(mut user, broadcast)| {
        std::thread::spawn(move || {
            user.receive(broadcast);
            (0..3).for_each(|_| user.la.expect(DELIVERED));
        })
    });
    for _ in 0..6 {
        bob.lb.line();
        bob.lb.expect_silence(Duration::from_millis(20));
        bob.acknowledge();
    }
    others.into_iter().for_each(|other| other.join().unwrap());
}
