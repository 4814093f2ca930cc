//! The right person: who is dialled, and whose a name is.

use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use testkit::{Lb, Peer, Server, User, wait_until};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const WELCOME: &str = "101 Authentication successful";
const REFUSED: &str = "102 Authentication failed";
const DELIVERED: &str = "303 Message delivery successful";

#[test]
fn nobody_is_dialled_before_logging_in() {
    let server = Server::start(SERVER, &[]);
    let listener = Lb::listen();
    let mut stranger = server.dial();
    assert_eq!(
        stranger.ask(&format!("/port {}", listener.port())),
        "401 Unrecognized message"
    );
    assert_eq!(stranger.ask("/login bob wrong"), REFUSED);
    assert_eq!(
        stranger.ask(&format!("/port {}", listener.port())),
        "401 Unrecognized message"
    );
    assert!(!listener.was_dialled());
}

#[test]
fn only_the_address_of_la_is_dialled() {
    let server = Server::start(SERVER, &[]);
    let own = SocketAddr::from(([127, 0, 0, 2], 0));
    let mut la = Peer::connect_from(own, server.address()).unwrap();
    assert_eq!(la.ask("/login bob bob-secret"), WELCOME);
    let elsewhere = Lb::listen();
    assert_eq!(
        la.ask(&format!("/port {}", elsewhere.port())),
        "202 Build connection failed"
    );
    assert!(!elsewhere.was_dialled());
    let here = TcpListener::bind(own).unwrap();
    let port = here.local_addr().unwrap().port();
    assert_eq!(
        la.ask(&format!("/port {port}")),
        "201 Build connection successful"
    );
    here.accept().unwrap();
}

#[test]
fn the_servers_own_port_is_no_way_to_anybody() {
    let server = Server::start(SERVER, &["--ack-timeout", "1"]);
    let mut bob = server.dial();
    assert_eq!(bob.ask("/login bob bob-secret"), WELCOME);
    let port = server.address().port();
    assert_eq!(
        bob.ask(&format!("/port {port}")),
        "201 Build connection successful"
    );
    // The server answers itself with 401, which is no receipt.
    assert_eq!(bob.ask("/to bob /exit"), "304 Message delivery failed");
    assert_eq!(server.user("jacky").ask("/list"), "301 jacky bob");
}

#[test]
fn a_second_login_is_refused_whoever_has_come_how_far() {
    let server = Server::start(SERVER, &[]);
    let mut first = server.dial();
    assert_eq!(first.ask("/login bob bob-secret"), WELCOME);
    assert_eq!(server.dial().ask("/login bob bob-secret"), REFUSED);
    drop(first);
    wait_until("the name is free", || {
        let mut bob = server.dial();
        bob.ask("/login bob bob-secret") == WELCOME && bob.ask("/exit") == "310 Bye bye"
    });
    let mut first = server.user("bob");
    let mut second = server.dial();
    assert_eq!(second.ask("/login bob bob-secret"), REFUSED);
    drop(second);
    assert_eq!(first.ask("/list"), "301 bob");
}

#[test]
fn many_logins_at_once_and_one_is_right() {
    let server = Server::start(SERVER, &[]);
    for _ in 0..20 {
        let mut peers: Vec<Peer> = (0..8).map(|_| server.dial()).collect();
        peers
            .iter_mut()
            .for_each(|peer| peer.say("/login bob bob-secret"));
        let welcome = peers.iter_mut().filter_map(|peer| {
            let welcome = peer.line() == WELCOME;
            welcome.then_some(peer)
        });
        let mut welcome: Vec<&mut Peer> = welcome.collect();
        assert_eq!(welcome.len(), 1);
        assert_eq!(welcome[0].ask("/exit"), "310 Bye bye");
    }
}

#[test]
fn takeover_ends_the_first_session_for_the_right_password_only() {
    let server = Server::start(SERVER, &["--takeover"]);
    let mut jacky = server.user("jacky");
    let mut first = server.user("bob");
    assert_eq!(server.dial().ask("/login bob wrong"), REFUSED);
    assert_eq!(first.ask("/list"), "301 bob jacky");

    let mut second: User = server.user("bob");
    first.la.expect_end();
    first.lb.expect_end();
    assert_eq!(jacky.ask("/list"), "301 jacky bob");
    jacky.la.say("/to bob hi");
    second.receive("/from jacky hi");
    jacky.la.expect(DELIVERED);
    drop(first);
    assert_eq!(second.ask("/list"), "301 bob jacky");
}

#[test]
fn takeover_of_one_who_waits_for_a_receipt() {
    let server = Server::start(SERVER, &["--takeover", "--ack-timeout", "2"]);
    let mut silent = server.user("michael");
    let mut first = server.user("bob");
    first.la.say("/to michael hi");
    silent.lb.expect("/from bob hi");
    let mut second = server.user("bob");
    assert_eq!(second.ask("/list"), "301 bob michael");
    first.la.rest();
    second.la.say("/to bob myself");
    second.receive("/from bob myself");
    second.la.expect(DELIVERED);
}

/// A measurement, for docs/security.md: `cargo test --release -p server --test person -- --ignored
/// --nocapture`.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout)]
fn an_unknown_name_costs_the_same_as_a_wrong_password() {
    let server = Server::start(SERVER, &[]);
    let mut times = [vec![], vec![]];
    for round in 0..200 {
        let mut peer = server.dial();
        peer.ask("/list");
        // Each comes first as often as the other: the first is the slower one.
        for which in [round % 2, 1 - round % 2] {
            let start = Instant::now();
            assert_eq!(
                peer.ask(&format!("/login {} wrong", ["jacky", "nobod"][which])),
                REFUSED
            );
            times[which].push(start.elapsed());
        }
    }
    let [wrong, unknown] = times.map(|mut times| -> Duration {
        times.sort();
        times[times.len() / 2]
    });
    let ratio = unknown.as_secs_f64() / wrong.as_secs_f64();
    println!("median of 200: wrong password {wrong:?}, unknown name {unknown:?}, ratio {ratio:.3}");
}
