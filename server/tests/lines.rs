//! Lines on the wire: pieces, several at once, line ends, too long, not text.

use testkit::{Server, User};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const UNRECOGNIZED: &str = "401 Unrecognized message";
const DELIVERED: &str = "303 Message delivery successful";

fn two(server: &Server) -> (User, User) {
    (server.user("jacky"), server.user("bob"))
}

#[test]
fn a_line_in_pieces_is_one_line() {
    let server = Server::start(SERVER, &[]);
    let mut peer = server.dial();
    for byte in b"/login bob bob-secret\n" {
        peer.send([*byte]);
    }
    peer.expect("101 Authentication successful");
    peer.send("/li");
    peer.expect_silence(std::time::Duration::from_millis(30));
    peer.send("st\n");
    peer.expect("301 bob");
}

#[test]
fn several_lines_at_once_are_answered_in_order() {
    let server = Server::start(SERVER, &[]);
    let mut peer = server.dial();
    peer.send("/list\n/login bob bob-secret\n/list\n\nhello\n/to bob x\n/toall x\n/exit\n/list\n");
    for reply in [
        UNRECOGNIZED,
        "101 Authentication successful",
        "301 bob",
        UNRECOGNIZED,
        UNRECOGNIZED,
        "304 Message delivery failed",
        DELIVERED,
        "310 Bye bye",
    ] {
        peer.expect(reply);
    }
    peer.expect_end();
}

#[test]
fn one_carriage_return_before_the_newline_is_dropped() {
    let server = Server::start(SERVER, &[]);
    let (mut jacky, mut bob) = two(&server);
    jacky.la.send("/list\r\n");
    jacky.la.expect("301 jacky bob");
    jacky.la.send("/list\r\r\n");
    jacky.la.expect(UNRECOGNIZED);
    jacky.la.send("/to bob hi\r\n");
    bob.lb.expect("/from jacky hi");
    bob.lb.send("302 Message receipt successful\r\n");
    jacky.la.expect(DELIVERED);
}

#[test]
fn what_is_not_utf8_is_401() {
    let server = Server::start(SERVER, &[]);
    let (mut jacky, _bob) = two(&server);
    jacky.la.send(b"/to bob \xff\xfe\n");
    jacky.la.expect(UNRECOGNIZED);
    jacky.la.send(b"\x00\n");
    jacky.la.expect(UNRECOGNIZED);
    assert_eq!(jacky.ask("/list"), "301 jacky bob");
}

#[test]
fn the_longest_line_and_a_longer_one() {
    let server = Server::start(SERVER, &[]);
    let (mut jacky, mut bob) = two(&server);
    let text = "x".repeat(8192 - "/to bob ".len());
    jacky.la.say(&format!("/to bob {text}"));
    bob.receive(&format!("/from jacky {text}"));
    jacky.la.expect(DELIVERED);
    jacky.la.say(&format!("/to bob {text}x"));
    jacky.la.expect(UNRECOGNIZED);
    jacky.la.send(format!("{}\n/list\n", "/".repeat(500_000)));
    jacky.la.expect(UNRECOGNIZED);
    jacky.la.expect("301 jacky bob");
    bob.lb.expect_silence(std::time::Duration::from_millis(20));
}

#[test]
fn a_line_without_end_ends_the_session_only() {
    let server = Server::start(SERVER, &[]);
    let (mut jacky, mut bob) = two(&server);
    // The server may close before all is sent.
    let _ = jacky.la.try_send("x".repeat(3 << 20));
    assert_eq!(
        jacky.la.next_line(testkit::PATIENCE).as_deref(),
        Some(UNRECOGNIZED)
    );
    jacky.la.expect_end();
    assert_eq!(bob.ask("/list"), "301 bob");
}
