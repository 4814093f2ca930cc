//! Crash and return: the server is killed with clients in every state, and clients are killed in
//! every state.

#![allow(clippy::expect_used, clippy::print_stdout)] // this is test code

use std::{
    env,
    net::{SocketAddr, TcpListener},
    process::Command,
    time::{Duration, Instant},
};

use server::{Accounts, Limits, Server};
use testkit::{Peer, Program, User, password, users_file, wait_until};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const USERS: &str = "MESSENGER_TEST_USERS";

/// Not a test: this program runs itself with this name to have a server that can be killed.
#[test]
#[ignore = "the server of the other tests"]
fn serve() {
    let Some(users) = env::var_os(USERS) else {
        return;
    };
    let accounts = Accounts::load(users.as_ref()).expect("a users file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!(
        "Listening on {}",
        listener.local_addr().expect("an address")
    );
    let ack_timeout = Duration::from_secs(30);
    let limits = Limits {
        ack_timeout,
        ..Limits::default()
    };
    Server::new(accounts, limits, None)
        .expect("a server")
        .run(&listener)
}

fn start_server() -> (Program, SocketAddr) {
    let users = users_file(0);
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .args(["--exact", "serve", "--ignored", "--nocapture"])
        .env(USERS, users.path());
    let mut server = Program::start_with(&mut command);
    server.output.until("Listening on ");
    let address = server
        .output
        .until("\n")
        .trim()
        .parse()
        .expect("an address");
    (server, address)
}

/// Starts a client for jacky and types this; `shown` is what it shows when it has come so far.
fn client(server: SocketAddr, typed: &str, shown: &str) -> Program {
    let arguments = [&*server.ip().to_string(), &*server.port().to_string()];
    let mut client = Program::start(CLIENT, &arguments);
    client.type_bytes(typed);
    client.output.until(shown);
    client
}

fn log_in(name: &str) -> String {
    format!("{name}\n{}\n", password(name))
}

#[test]
fn the_server_is_killed_with_clients_in_every_state() {
    let (mut server, address) = start_server();
    let mut silent = User::log_in(Peer::connect(address), "bob");
    let mut waiting = client(address, &(log_in("jacky") + "/to bob hi\n"), "/to bob hi\n");
    silent.lb.expect("/from jacky hi");
    let online = client(
        address,
        &log_in("michael"),
        "201 Build connection successful\n",
    );
    let at_name = client(address, "", "Please input your user name:");
    let at_password = client(address, "jacky\n", "Please input your password:");
    let refused = client(address, "jacky\nwrong\n", "102 Authentication failed\n");
    waiting.type_line("/list"); // typed ahead

    let start = Instant::now();
    server.kill();
    for mut client in [waiting, online, at_name, at_password, refused] {
        assert_eq!(client.status(), 1);
        let errors = client.errors.rest();
        assert!(
            errors.starts_with("client: the server is gone: "),
            "{errors}"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn clients_are_killed_in_every_state_and_their_names_are_free() {
    let (_server, address) = start_server();
    let mut bob = User::log_in(Peer::connect(address), "bob");
    let steps = [
        ("jacky\n".to_owned(), "Please input your password:"),
        (log_in("jacky"), "101 Authentication successful\n"),
        (log_in("jacky"), "201 Build connection successful\n"),
        (log_in("jacky") + "/list\n", "301 jacky bob\n"),
        (log_in("jacky") + "/to bob hi\n", "/to bob hi\n"),
    ];
    for (typed, shown) in steps {
        let mut client = client(address, &typed, shown);
        let waits = typed.contains("/to");
        if waits {
            bob.lb.expect("/from jacky hi");
        }
        client.kill();
        wait_until("the name is free", || {
            let mut again = Peer::connect(address);
            again.ask(&format!("/login jacky {}", password("jacky")))
                == "101 Authentication successful"
                && again.ask("/exit") == "310 Bye bye"
        });
        if waits {
            bob.acknowledge();
        }
        assert_eq!(bob.ask("/list"), "301 bob");
    }
}
