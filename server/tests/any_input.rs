//! Arbitrary bytes, and good conversations with something changed, on both connections: no panic, no
//! hang, and the next well-behaved client is served.

#![allow(clippy::panic)] // this is test code

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use testkit::{Lb, Peer, Server, User, resident_kib, users_file, wait_until};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const CASES: u32 = 48;

/// One conversation on La, as it should be; LBPORT stands for the port.
const GOOD: &str =
    "/login bob bob-secret\n/port LBPORT\n/list\n/to bob hi\n/toall hi\n/to nobody x\n/exit\n";

/// What a receiver might send.
const RECEIPTS: &str = "302 Message receipt successful\n302 Message receipt successful\n401 no\n";

/// Whether the server still serves a client who behaves.
fn serves(server: &Server) {
    let mut jacky = server.user("jacky");
    jacky.la.say("/to jacky still here");
    jacky.receive("/from jacky still here");
    jacky.la.expect("303 Message delivery successful");
    assert_eq!(jacky.ask("/exit"), "310 Bye bye");
}

/// Sends all, says so, and reads until the server is done.
fn pour(mut peer: Peer, bytes: &[u8], piece: usize) {
    for piece in bytes.chunks(piece) {
        if peer.try_send(piece).is_err() {
            break;
        }
    }
    // The server may have been faster to close.
    let _ = peer.stream().shutdown(std::net::Shutdown::Write);
    peer.rest();
}

/// Good bytes with something taken out, doubled, put in, or changed.
fn mutated(good: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let good = good.as_bytes().to_vec();
    let change = (
        any::<Index>(),
        any::<Index>(),
        0..5_u8,
        vec(any::<u8>(), 0..20),
    );
    vec(change, 0..6).prop_map(move |changes| {
        let mut bytes = good.clone();
        for (from, to, kind, other) in changes {
            if bytes.is_empty() {
                break;
            }
            let (a, b) = (from.index(bytes.len()), to.index(bytes.len()));
            let range = a.min(b)..a.max(b).min(a.min(b) + 40);
            match kind {
                0 => drop(bytes.drain(range)),
                1 => {
                    let doubled = bytes[range.clone()].to_vec();
                    bytes.splice(range.end..range.end, doubled);
                }
                2 => drop(bytes.splice(range, other)),
                3 => bytes[a] ^= other.first().copied().unwrap_or(1),
                _ => bytes.truncate(a),
            }
        }
        bytes
    })
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b' '), 1 => Just(b'/')];
    prop_oneof![vec(byte, 0..2000), vec(any::<u8>(), 8000..9000)]
}

/// Tries many inputs on one server.
fn try_many<T: std::fmt::Debug>(inputs: impl Strategy<Value = T>, attack: impl Fn(&Server, T)) {
    let server = Server::start_for(SERVER, &["--ack-timeout", "0.3"], users_file(0));
    serves(&server);
    let memory = resident_kib(server.id());
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(CASES)
    };
    let tried = TestRunner::new(config).run(&inputs, |input| {
        attack(&server, input);
        serves(&server);
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
    let grown = resident_kib(server.id()).saturating_sub(memory);
    assert!(grown < 8 * 1024, "{grown} KiB");
}

#[test]
fn on_la_before_login() {
    try_many((anything(), 1..3000_usize), |server, (bytes, piece)| {
        pour(server.dial(), &bytes, piece);
    });
}

#[test]
fn on_la_instead_of_a_good_conversation() {
    try_many((mutated(GOOD), 1..300_usize), |server, (bytes, piece)| {
        let listener = Lb::listen();
        let port = listener.port().to_string();
        let text = String::from_utf8_lossy(&bytes).replace("LBPORT", &port);
        pour(server.dial(), text.as_bytes(), piece);
    });
}

#[test]
fn on_la_when_online() {
    try_many((anything(), 1..3000_usize), |server, (bytes, piece)| {
        let User { la, lb: _lb } = server.user("bob");
        pour(la, &bytes, piece);
        wait_until("bob is gone", || {
            server
                .dial()
                .ask("/login bob bob-secret")
                .starts_with("101")
        });
    });
}

#[test]
fn on_lb() {
    let bytes = prop_oneof![mutated(RECEIPTS), anything()];
    try_many((bytes, 1..300_usize), |server, (bytes, piece)| {
        let mut michael = server.user("michael");
        let User { la: _la, mut lb } = server.user("bob");
        michael.la.say("/to bob hi");
        lb.expect("/from michael hi");
        for piece in bytes.chunks(piece) {
            if lb.try_send(piece).is_err() {
                break;
            }
        }
        let first = michael.la.line();
        assert!(
            first.starts_with("303 ") || first.starts_with("304 "),
            "{first}"
        );
        drop(lb);
        // Whatever came, bob is no receiver any more.
        assert_eq!(michael.ask("/to bob again"), "304 Message delivery failed");
        assert_eq!(michael.ask("/exit"), "310 Bye bye");
    });
}
