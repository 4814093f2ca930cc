//! The conversation of the handout's appendix, as three real clients show it.

#![allow(clippy::expect_used)] // this is test code

use std::{
    net::{SocketAddr, TcpListener},
    thread,
};

use server::{Accounts, Limits, Server};
use testkit::{Program, TempFile};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const DELIVERED: &str = "303 Message delivery successful";

/// A server in this process, which ends with it.
fn start_server(users: &str) -> SocketAddr {
    let users = TempFile::new(users);
    let accounts = Accounts::load(users.path()).expect("a users file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server::new(accounts, Limits::default(), None).expect("a server");
    thread::spawn(move || server.run(&listener));
    address
}

fn log_in(server: SocketAddr, name: &str, password: &str) -> Program {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    let mut client = Program::start(CLIENT, &[&ip, &port]);
    client.output.expect("Please input your user name:");
    client.type_line(name);
    client
        .output
        .expect(&format!("{name}\nPlease input your password:"));
    client.type_line(password);
    client
        .output
        .expect("\n101 Authentication successful\n201 Build connection successful\n");
    client
}

/// Types a command, and expects it on the screen with its reply.
#[track_caller]
fn tell(client: &mut Program, command: &str, reply: &str) {
    client.type_line(command);
    client.output.expect(&format!("{command}\n{reply}\n"));
}

/// Each step waits for all that it shows, on every screen, so the order between screens is checked
/// by the steps, and within each screen byte for byte.
#[test]
fn jacky_bob_and_michael() {
    let server = start_server("jacky 12345\nbob 23456\nmichael 34567\n");
    let mut bob = log_in(server, "bob", "23456");
    let mut michael = log_in(server, "michael", "34567");
    let mut jacky = log_in(server, "jacky", "12345");

    tell(&mut jacky, "/list", "301 jacky bob michael");

    tell(&mut jacky, "/to bob Hello! Nice to meet you!", DELIVERED);
    bob.output
        .expect("[HH:MM] jacky: Hello! Nice to meet you!\n");

    tell(&mut jacky, "/to michael Hi, Michael!", DELIVERED);
    michael.output.expect("[HH:MM] jacky: Hi, Michael!\n");

    tell(&mut michael, "/to jacky Hi, Jacky!", DELIVERED);
    jacky.output.expect("[HH:MM] michael: Hi, Jacky!\n");

    tell(
        &mut jacky,
        "/toall How about meeting at 3pm today?",
        DELIVERED,
    );
    for other in [&mut bob, &mut michael] {
        other
            .output
            .expect("[HH:MM] jacky (to all): How about meeting at 3pm today?\n");
    }

    tell(
        &mut bob,
        "/to jacky Jacky, nice to meet you too!",
        DELIVERED,
    );
    jacky
        .output
        .expect("[HH:MM] bob: Jacky, nice to meet you too!\n");

    tell(&mut bob, "/toall OK.", DELIVERED);
    for other in [&mut jacky, &mut michael] {
        other.output.expect("[HH:MM] bob (to all): OK.\n");
    }

    tell(&mut michael, "/toall No problem.", DELIVERED);
    for other in [&mut jacky, &mut bob] {
        other
            .output
            .expect("[HH:MM] michael (to all): No problem.\n");
    }

    tell(&mut jacky, "/exit", "310 Bye bye");
    expect_left(jacky);

    tell(&mut bob, "/list", "301 bob michael");
    bob.close_input();
    bob.output.expect("310 Bye bye\n");
    expect_left(bob);

    tell(&mut michael, "/list", "301 michael");
    michael.type_bytes("/exit");
    michael.close_input();
    michael.output.expect("/exit\n310 Bye bye\n");
    expect_left(michael);
}

#[track_caller]
fn expect_left(mut client: Program) {
    assert_eq!(client.status(), 0);
    client.output.expect_end();
    client.errors.expect_end();
}
