//! One visit of one user: comes, talks, goes, all at random.

use std::{net::SocketAddr, sync::Arc, thread, time::Duration};

use rand::RngExt;
use testkit::{Lb, Peer, password};

use crate::{USERS, book::Book, receiver};

/// The longest that any reply may take: all receivers' time-outs one after another, and then some.
const PATIENCE: Duration = Duration::from_secs(60);

/// Comes, talks and goes. Returns early where the server has ended the visit.
pub(crate) fn visit(address: SocketAddr, number: usize, book: &Arc<Book>) {
    let mut random = rand::rng();
    let mut la = Peer::connect(address);
    // The unlikely ways come now and then before the login, too.
    match random.random_range(0..40) {
        0 => return,
        1 => return la.reset(),
        2 => drop(la.try_send("/login us")),
        3 => {
            let _ = la.try_send("x".repeat(2 << 20));
            return;
        }
        _ => {}
    }
    if random.random_range(0..40) == 0 {
        return;
    }
    let name = format!("user{number}");
    let mut la = Peer::connect(address);
    // Until the server has seen the end of the last visit, the name is taken.
    if !says(
        &mut la,
        &format!("/login {name} {}", password(&name)),
        "101",
    ) {
        thread::sleep(Duration::from_millis(5));
        return;
    }
    if random.random_range(0..40) == 0 && !says(&mut la, "/port 1", "202") {
        return;
    }
    let listener = Lb::listen();
    if !says(&mut la, &format!("/port {}", listener.port()), "201") {
        return;
    }
    let (lb, login, shared) = (listener.accept(), book.login(), Arc::clone(book));
    let receiver = thread::spawn(move || receiver::answer(lb, login, &shared));
    for _ in 0..random.random_range(1..60) {
        if !act(&mut la, book) {
            break;
        }
    }
    leave(la);
    receiver.join().unwrap();
}

/// Says something; false where the server has ended the visit.
fn act(la: &mut Peer, book: &Book) -> bool {
    let mut random = rand::rng();
    let (to_all, command) = match random.random_range(0..20) {
        0 => return says(la, "/list", "301"),
        1 => return says(la, "/to nobody hi", "304"),
        2 => return says(la, "/nonsense", "401"),
        3 => return says(la, &"x".repeat(9000), "401"),
        4..8 => (true, "/toall".to_owned()),
        _ => (false, format!("/to user{}", random.random_range(0..USERS))),
    };
    let number = book.sent(to_all);
    if la.try_send(format!("{command} {number}\n")).is_err() {
        return false;
    }
    if random.random_range(0..200) == 0 {
        return false; // hangs up without waiting
    }
    let Some(reply) = la.next_line(PATIENCE) else {
        return false;
    };
    match reply.get(..4) {
        Some("303 ") => book.answered(number, true),
        Some("304 ") => book.answered(number, false),
        _ => panic!("{command}: {reply}"),
    }
    true
}

/// Sends a line; whether a reply with this code came. No reply is the end, another one is a fault.
fn says(la: &mut Peer, line: &str, code: &str) -> bool {
    if la.try_send(format!("{line}\n")).is_err() {
        return false;
    }
    match la.next_line(PATIENCE) {
        None => false,
        Some(reply) if reply.starts_with("102 ") => false,
        Some(reply) => {
            assert!(reply.starts_with(code), "{line}: {reply}");
            true
        }
    }
}

fn leave(mut la: Peer) {
    match rand::rng().random_range(0..5) {
        0 => {}
        1 => la.reset(),
        2 => {
            let _ = la.try_send("/toall half a li");
        }
        3 => {
            let _ = la.stream().shutdown(std::net::Shutdown::Write);
            la.rest();
        }
        _ => {
            // A reply that was not waited for may come first; and whose Lb is dead has no 310.
            if la.try_send("/exit\n").is_ok() {
                let rest = String::from_utf8_lossy(&la.rest()).into_owned();
                let expected = |line: &str| ["303 ", "304 ", "310 "].contains(&&line[..4]);
                assert!(rest.lines().all(expected), "/exit: {rest:?}");
            }
        }
    }
}
