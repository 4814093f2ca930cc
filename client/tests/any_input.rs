//! Arbitrary bytes, and a good server's words with something changed, on both connections: the client
//! does not panic, does not hang, stays small, and its terminal is never driven.

#![allow(clippy::panic, clippy::expect_used)] // this is test code

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use testkit::{FakeServer, Program, resident_kib};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const CASES: u32 = 24;
const REPLIES: &str = "301 jacky bob\n303 Message delivery successful\n401 Unrecognized message\n";
const DELIVERIES: &str = "/from bob hi\n/broadcastfrom michael OK.\n/from bob again\n";

/// Good bytes with something changed, taken out, or put in.
fn mutated(good: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), 0..20_usize, vec(any::<u8>(), 0..20));
    vec(change, 1..6).prop_map(|changes| {
        let mut bytes = good.as_bytes().to_vec();
        for (at, length, other) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, other);
        }
        bytes
    })
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..3000),
        Just(b"x".repeat(2 << 20)),
        Just(b"\n".repeat(5000))
    ]
}

fn try_many(on_la: impl Strategy<Value = Vec<u8>>, on_lb: impl Strategy<Value = Vec<u8>>) {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(CASES)
    };
    let tried = TestRunner::new(config).run(&(on_la, on_lb), |(on_la, on_lb)| {
        let server = FakeServer::listen();
        let arguments = [
            &*server.address().ip().to_string(),
            &*server.address().port().to_string(),
        ];
        let mut program = Program::start(CLIENT, &arguments);
        program.type_bytes("jacky\n12345\n/list\n");
        let mut client = server.welcome("/login jacky 12345");
        // The client may have had enough before the last byte.
        let _ = client.lb.try_send(&on_lb);
        let _ = client.la.try_send(&on_la);
        assert!(resident_kib(program.id()) < 16 * 1024);
        drop(client);
        // 0 if some line began with 310.
        let status = program.status();
        assert!(status <= 1, "exit status {status}");
        let errors = program.errors.rest();
        assert!(!errors.contains("panicked"), "{errors}");
        for shown in [program.output.rest(), errors] {
            assert!(
                !shown.chars().any(|c| c.is_control() && c != '\n'),
                "{shown:?}"
            );
        }
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn anything_on_both() {
    try_many(anything(), anything());
}

#[test]
fn a_good_server_with_something_changed() {
    try_many(mutated(REPLIES), mutated(DELIVERIES));
}
