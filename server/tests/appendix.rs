//! The conversation of the handout's appendix, byte for byte.

use testkit::{Lb, Peer, Server, TempFile};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const RECEIPT: &str = "302 Message receipt successful\n";

fn log_in(server: &Server, name: &str, password: &str) -> (Peer, Peer) {
    let mut a = server.dial();
    a.send(format!("/login {name} {password}\n"));
    a.expect("101 Authentication successful");
    let listener = Lb::listen();
    a.send(format!("/port {}\n", listener.port()));
    a.expect("201 Build connection successful");
    (a, listener.accept())
}

#[test]
fn jacky_bob_and_michael() {
    let users = TempFile::new("jacky 12345\nbob 23456\nmichael 34567\n");
    let server = Server::start_for(SERVER, &[], users);
    let (mut bob_a, mut bob_b) = log_in(&server, "bob", "23456");
    let (mut michael_a, mut michael_b) = log_in(&server, "michael", "34567");
    let (mut jacky_a, mut jacky_b) = log_in(&server, "jacky", "12345");

    jacky_a.send("/list\n");
    jacky_a.expect("301 jacky bob michael");

    jacky_a.send("/to bob Hello! Nice to meet you!\n");
    bob_b.expect("/from jacky Hello! Nice to meet you!");
    bob_b.send(RECEIPT);
    jacky_a.expect("303 Message delivery successful");

    jacky_a.send("/to michael Hi, Michael!\n");
    michael_b.expect("/from jacky Hi, Michael!");
    michael_b.send(RECEIPT);
    jacky_a.expect("303 Message delivery successful");

    michael_a.send("/to jacky Hi, Jacky!\n");
    jacky_b.expect("/from michael Hi, Jacky!");
    jacky_b.send(RECEIPT);
    michael_a.expect("303 Message delivery successful");

    jacky_a.send("/toall How about meeting at 3pm today?\n");
    bob_b.expect("/broadcastfrom jacky How about meeting at 3pm today?");
    michael_b.expect("/broadcastfrom jacky How about meeting at 3pm today?");
    bob_b.send(RECEIPT);
    michael_b.send(RECEIPT);
    jacky_a.expect("303 Message delivery successful");

    bob_a.send("/to jacky Jacky, nice to meet you too!\n");
    jacky_b.expect("/from bob Jacky, nice to meet you too!");
    jacky_b.send(RECEIPT);
    bob_a.expect("303 Message delivery successful");

    bob_a.send("/toall OK.\n");
    jacky_b.expect("/broadcastfrom bob OK.");
    michael_b.expect("/broadcastfrom bob OK.");
    jacky_b.send(RECEIPT);
    michael_b.send(RECEIPT);
    bob_a.expect("303 Message delivery successful");

    michael_a.send("/toall No problem.\n");
    jacky_b.expect("/broadcastfrom michael No problem.");
    bob_b.expect("/broadcastfrom michael No problem.");
    jacky_b.send(RECEIPT);
    bob_b.send(RECEIPT);
    michael_a.expect("303 Message delivery successful");

    jacky_a.send("/exit\n");
    jacky_a.expect("310 Bye bye");
    jacky_a.expect_end();
    jacky_b.expect_end();

    bob_a.send("/list\n");
    bob_a.expect("301 bob michael");
    for peer in [&mut bob_a, &mut bob_b, &mut michael_a, &mut michael_b] {
        peer.expect_silence(std::time::Duration::from_millis(20));
    }
}
