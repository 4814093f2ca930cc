//! Memory, threads and descriptors are bounded, and come back.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use testkit::{Peer, Server, cpu_time, descriptors, resident_kib, users_file, wait_until};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const WELCOME: &str = "101 Authentication successful";

/// Runs the server after a shell command that limits it.
fn limited(limit: &str, options: &[&str]) -> Server {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit}; exec \"$0\" \"$@\""), SERVER]);
    Server::start_with(command, "0", options, users_file(64))
}

#[test]
fn attacks_cost_less_than_eight_mebibytes_in_all() {
    let server = Server::start(SERVER, &["--ack-timeout", "2"]);
    drop(server.user("bob"));
    wait_until("nobody is there", || server.sessions() == 0);
    let (memory, files) = (resident_kib(server.id()), descriptors(server.id()));

    let silent: Vec<Peer> = (0..300).map(|_| server.dial()).collect();
    let mut slow = server.dial();
    let (login, last) = "/login jacky jacky-secret\n".split_at(25);
    for byte in login.bytes() {
        slow.send([byte]);
    }
    let mut deaf = server.user("michael");
    deaf.la.stream().set_nonblocking(true).unwrap();
    for _ in 0..100_000 {
        if deaf.la.stream().set_nonblocking(true).is_err() || deaf.la.try_send("/list\n").is_err() {
            break;
        }
    }
    let mut endless = server.dial();
    let piece = "x".repeat(1 << 16);
    for _ in 0..1024 {
        if endless.try_send(&piece).is_err() {
            break;
        }
    }
    wait_until("all have been accepted", || server.sessions() >= 301);
    slow.send(last);
    slow.expect(WELCOME);
    let grown = resident_kib(server.id()).saturating_sub(memory);
    assert!(grown < 8 * 1024, "{grown} KiB");

    drop((silent, slow, deaf, endless));
    wait_until("no thread is left", || server.sessions() == 0);
    wait_until("no descriptor is left", || {
        descriptors(server.id()) == files
    });
}

#[test]
fn out_of_descriptors() {
    let mut server = limited("ulimit -n 24", &[]);
    let mut bob = server.user("bob");
    let mut crowd: Vec<Peer> = (0..60).map(|_| server.dial()).collect();
    server.log().until("cannot accept, will try again");
    expect_idle(&server);
    // Who is there is served; who is not waits for a descriptor.
    assert_eq!(bob.ask("/list"), "301 bob");
    let last = crowd.last_mut().unwrap();
    last.say("/login jacky jacky-secret");
    assert_eq!(last.next_line(Duration::from_millis(50)), None);
    let mut last = crowd.pop().unwrap();
    drop(crowd);
    last.expect(WELCOME);
    server.log().until("accepting again");
    server.user("michael");
}

#[test]
fn a_dial_without_a_descriptor_is_a_202_and_may_be_tried_again() {
    let mut server = limited("ulimit -n 24", &[]);
    let mut bob = server.dial();
    assert_eq!(bob.ask("/login bob bob-secret"), WELCOME);
    let crowd: Vec<Peer> = (0..60).map(|_| server.dial()).collect();
    server.log().until("cannot accept, will try again");
    let listener = testkit::Lb::listen();
    let port = format!("/port {}", listener.port());
    assert_eq!(bob.ask(&port), "202 Build connection failed");
    drop(crowd);
    wait_until("bob is online", || {
        bob.ask(&port) == "201 Build connection successful"
    });
}

#[test]
fn out_of_threads() {
    // The limit is on a user's threads, and the superuser has none; so another user is needed.
    let superuser = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    let can = Command::new("setpriv")
        .args(["--reuid=61234", SERVER, "--version"])
        .output();
    if !superuser || !can.is_ok_and(|output| output.status.success()) {
        return;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=61234", "prlimit", "--nproc=8", SERVER]);
    let mut server = Server::start_with(command, "0", &[], users_file(64));
    let mut bob = server.user("bob");
    let crowd: Vec<Peer> = (0..30).map(|_| server.dial()).collect();
    server.log().until("will try again");
    expect_idle(&server);
    assert_eq!(bob.ask("/list"), "301 bob");
    drop(crowd);
    // Those who waited are taken one after another, and found to be gone.
    wait_until("one session is left", || server.sessions() == 1);
    server.user("michael");
}

/// Under 10 % of one processor.
fn expect_idle(server: &Server) {
    let (start, before) = (Instant::now(), cpu_time(server.id()));
    thread::sleep(Duration::from_millis(600)); // what is measured is what happens in a time
    let spent = cpu_time(server.id()) - before;
    assert!(
        spent < start.elapsed() / 10,
        "{spent:?} of {:?}",
        start.elapsed()
    );
}
