//! Every message that the handout names, right and wrong, in every state, on the wire.

use testkit::{Lb, Server, TempFile, User};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const UNRECOGNIZED: &str = "401 Unrecognized message";
const DELIVERED: &str = "303 Message delivery successful";
const FAILED: &str = "304 Message delivery failed";
const REFUSED: &str = "102 Authentication failed";

/// Lines that are no command in any state.
const WRONG: &[&str] = &[
    "",
    " ",
    "hello",
    "/",
    "/unknown",
    "list",
    "exit",
    "/LIST",
    "/List",
    " /list",
    "/list ",
    "/list x",
    "/exit ",
    "/exit now",
    "/EXIT",
    "/to",
    "/to ",
    "/to bob",
    "/to bob ",
    "/to  bob hi",
    "/TO bob hi",
    "/tobob hi",
    "/to\tbob\thi",
    "/toall",
    "/toall ",
    "/TOALL hi",
    "/toallhi",
    "/login",
    "/login ",
    "/login bob",
    "/login bob ",
    "/login  bob bob-secret",
    "/login bob  bob-secret",
    "/login bob bob-secret ",
    "/login bob bob-secret x",
    "/LOGIN bob bob-secret",
    "/port",
    "/port ",
    "/port 0",
    "/port 65536",
    "/port -1",
    "/port +8080",
    "/port 80 ",
    "/port 80 81",
    "/port 0x50",
    "/port eighty",
    "/PORT 8080",
    "101 Authentication successful",
    "302 Message receipt successful",
    "/from jacky hi",
    "/broadcastfrom jacky hi",
    "GET / HTTP/1.1",
];

#[test]
fn wrong_forms_are_401_in_every_state() {
    let server = Server::start(SERVER, &[]);
    let _bob = server.user("bob");
    let mut stranger = server.dial();
    let mut logged_in = server.dial();
    logged_in.say("/login michael michael-secret");
    logged_in.expect("101 Authentication successful");
    let mut online = server.user("jacky").la;
    for peer in [&mut stranger, &mut logged_in, &mut online] {
        for line in WRONG {
            assert_eq!(peer.ask(line), UNRECOGNIZED, "{line:?}");
        }
    }
    assert_eq!(logged_in.ask("/list"), "301 michael bob jacky");
}

#[test]
fn a_stranger_may_log_in_or_leave() {
    let server = Server::start(SERVER, &[]);
    let mut stranger = server.dial();
    for line in ["/list", "/to bob hi", "/toall hi", "/port 12345"] {
        assert_eq!(stranger.ask(line), UNRECOGNIZED, "{line}");
    }
    for line in [
        "/login bob wrong",
        "/login nobody bob-secret",
        "/login Bob bob-secret",
        "/login a\tb c",
    ] {
        assert_eq!(stranger.ask(line), REFUSED, "{line}");
    }
    assert_eq!(
        stranger.ask("/login bob bob-secret"),
        "101 Authentication successful"
    );
    let mut other = server.dial();
    assert_eq!(other.ask("/exit"), "310 Bye bye");
    other.expect_end();
}

#[test]
fn logged_in_without_lb() {
    let server = Server::start(SERVER, &[]);
    let mut bob = server.dial();
    assert_eq!(
        bob.ask("/login bob bob-secret"),
        "101 Authentication successful"
    );
    assert_eq!(bob.ask("/login bob bob-secret"), UNRECOGNIZED);
    assert_eq!(bob.ask("/list"), "301 bob");
    assert_eq!(bob.ask("/to bob hi"), FAILED, "to oneself without Lb");
    assert_eq!(bob.ask("/toall hi"), DELIVERED, "nobody else is online");

    let mut jacky = server.user("jacky");
    assert_eq!(
        jacky.ask("/list"),
        "301 jacky bob",
        "in the list from 101 on"
    );
    assert_eq!(jacky.ask("/to bob hi"), FAILED);
    assert_eq!(jacky.ask("/toall hi"), FAILED, "bob could not be reached");
    bob.say("/to jacky hi");
    jacky.receive("/from bob hi");
    bob.expect(DELIVERED);

    let closed = { Lb::listen().port() };
    assert_eq!(
        bob.ask(&format!("/port {closed}")),
        "202 Build connection failed"
    );
    let listener = Lb::listen();
    assert_eq!(
        bob.ask(&format!("/port {}", listener.port())),
        "201 Build connection successful"
    );
    let mut bob = User {
        la: bob,
        lb: listener.accept(),
    };
    jacky.la.say("/to bob hi");
    bob.receive("/from jacky hi");
    jacky.la.expect(DELIVERED);
    assert_eq!(bob.ask("/exit"), "310 Bye bye");
}

#[test]
fn online() {
    let server = Server::start(SERVER, &[]);
    let mut bob = server.user("bob");
    let mut jacky = server.user("jacky");
    assert_eq!(jacky.ask("/login jacky jacky-secret"), UNRECOGNIZED);
    assert_eq!(
        jacky.ask(&format!("/port {}", Lb::listen().port())),
        UNRECOGNIZED
    );
    assert_eq!(jacky.ask("/to michael hi"), FAILED, "not online");
    assert_eq!(jacky.ask("/to nobody hi"), FAILED, "no such user");
    assert_eq!(
        server.dial().ask("/login jacky jacky-secret"),
        REFUSED,
        "online already"
    );

    jacky.la.say("/to jacky to myself");
    jacky.receive("/from jacky to myself");
    jacky.la.expect(DELIVERED);

    for text in [
        "x",
        " hi",
        "two  spaces ",
        " ",
        "/exit",
        "ünïcode 漢字 😀",
        "\x1b[31m\tred\r here",
        "302 ok",
    ] {
        jacky.la.say(&format!("/to bob {text}"));
        bob.receive(&format!("/from jacky {text}"));
        jacky.la.expect(DELIVERED);
        jacky.la.say(&format!("/toall {text}"));
        bob.receive(&format!("/broadcastfrom jacky {text}"));
        jacky.la.expect(DELIVERED);
    }
    jacky
        .lb
        .expect_silence(std::time::Duration::from_millis(20));
}

#[test]
fn the_list_has_the_requester_first_and_the_others_as_they_came() {
    let server = Server::start(SERVER, &[]);
    let mut michael = server.user("michael");
    let mut bob = server.user("bob");
    let mut jacky = server.user("jacky");
    assert_eq!(michael.ask("/list"), "301 michael bob jacky");
    assert_eq!(bob.ask("/list"), "301 bob michael jacky");
    assert_eq!(jacky.ask("/list"), "301 jacky michael bob");
    assert_eq!(michael.ask("/exit"), "310 Bye bye");
    let mut michael = server.user("michael");
    assert_eq!(bob.ask("/list"), "301 bob jacky michael");
    assert_eq!(michael.ask("/list"), "301 michael bob jacky");
}

#[test]
fn from_the_sixth_failure_on_a_refusal_comes_a_second_later() {
    let server = Server::start(SERVER, &[]);
    let mut stranger = server.dial();
    let second = std::time::Duration::from_secs(1);
    let mut refuse = || {
        let start = std::time::Instant::now();
        assert_eq!(stranger.ask("/login bob wrong"), REFUSED);
        start.elapsed()
    };
    let first: Vec<_> = (0..5).map(|_| refuse()).collect();
    assert!(first.iter().all(|&time| time < second), "{first:?}");
    assert!(refuse() >= second);
    assert!(refuse() >= second);
    assert_eq!(
        stranger.ask("/login bob bob-secret"),
        "101 Authentication successful"
    );
}

#[test]
fn names_and_passwords_are_words_of_any_letters() {
    let users = TempFile::new("müller grün~\x07\n漢字 /login\n");
    let server = Server::start_for(SERVER, &[], users);
    assert_eq!(
        server.dial().ask("/login müller grün~\x07"),
        "101 Authentication successful"
    );
    let mut other = server.dial();
    assert_eq!(
        other.ask("/login 漢字 /login"),
        "101 Authentication successful"
    );
}
