//! What the feature `line-editor` adds for people who sit at a terminal.

#![cfg(feature = "line-editor")]
#![allow(clippy::expect_used)] // this is test code

use std::{
    net::{SocketAddr, TcpListener},
    thread,
};

use server::{Accounts, Limits};
use testkit::{Peer, Program, User, password, users_file};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const ENVIRONMENT: &[(&str, &str)] = &[("TERM", "xterm-256color"), ("NO_COLOR", "1")];
const DELIVERED: &str = "303 Message delivery successful\r\n";
const UP: &str = "\x1b[A";
const LEFT: &str = "\x1b[D";
const HOME: &str = "\x01";

/// A server in this process, which ends with it.
fn start_server() -> SocketAddr {
    let accounts = Accounts::load(users_file(4).path()).expect("a users file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = server::Server::new(accounts, Limits::default(), None).expect("a server");
    thread::spawn(move || server.run(&listener));
    address
}

fn user(server: SocketAddr, name: &str) -> User {
    User::log_in(Peer::connect(server), name)
}

fn log_in(server: SocketAddr, name: &str) -> Program {
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    let mut client = Program::start_on_terminal(CLIENT, &[&ip, &port], ENVIRONMENT);
    client.output.until("user name:");
    client.type_line(name);
    client.output.until("password:");
    client.type_line(&password(name));
    client.output.until("Build connection successful\r\n");
    client
}

#[test]
fn lines_are_edited() {
    let server = start_server();
    let mut bob = user(server, "bob");
    let mut client = log_in(server, "jacky");
    client.type_line(&format!("bob hi{LEFT}{LEFT}oh {HOME}/to "));
    bob.receive("/from jacky oh hi");
    client.output.until(DELIVERED);
}

#[test]
fn commands_come_back_from_the_history_and_logging_in_does_not() {
    let server = start_server();
    let mut bob = user(server, "bob");
    let mut client = log_in(server, "jacky");
    client.type_line("/to bob one");
    bob.receive("/from jacky one");
    client.output.until(DELIVERED);
    client.type_line(&format!("{UP}\x17two"));
    bob.receive("/from jacky two");
    client.output.until(DELIVERED);
    // However far one goes back, there is nothing before the first command.
    client.type_line(&format!("{UP}{UP}{UP}{UP}{UP}"));
    bob.receive("/from jacky one");
    client.output.until(DELIVERED);
}

#[test]
fn commands_and_the_names_of_the_last_list_are_completed() {
    let server = start_server();
    let mut michael = user(server, "michael");
    let mut client = log_in(server, "jacky");
    client.type_line("/l\t");
    client.output.until("301 jacky michael\r\n");
    client.type_line("/to m\thello");
    michael.receive("/from jacky hello");
    client.output.until(DELIVERED);
    client.type_line("/toa\thello, all");
    michael.receive("/broadcastfrom jacky hello, all");
    client.output.until(DELIVERED);
}

#[test]
fn messages_come_above_the_line_being_typed() {
    let server = start_server();
    let mut bob = user(server, "bob");
    let mut client = log_in(server, "jacky");
    client.type_bytes("/to bob hel");
    client.output.until("l");
    for number in 0..20 {
        let reply = bob.ask(&format!("/to jacky message {number}"));
        assert_eq!(reply, "303 Message delivery successful");
        client.output.until(&format!("] bob: message {number}\r\n"));
        client.output.until("/to bob hel");
    }
    client.type_line("lo");
    bob.receive("/from jacky hello");
    client.output.until(DELIVERED);
}

#[test]
fn what_is_pasted_is_a_command_a_line() {
    let server = start_server();
    let mut bob = user(server, "bob");
    let mut client = log_in(server, "jacky");
    client.type_bytes("/to bob one\r/to bob two\r/to bob thr");
    bob.receive("/from jacky one");
    client.output.until(DELIVERED);
    bob.receive("/from jacky two");
    client.output.until(DELIVERED);
    client.type_line("ee");
    bob.receive("/from jacky three");
    client.output.until(DELIVERED);
}

#[test]
fn a_byte_that_is_no_utf_8_ends_a_line_and_not_the_session() {
    let server = start_server();
    let mut bob = user(server, "bob");
    let mut client = log_in(server, "jacky");
    client.type_bytes(b"caf\xe9 ");
    client.output.until("not UTF-8");
    client.type_line("/to bob hi");
    bob.receive("/from jacky hi");
    client.output.until(DELIVERED);
}

#[test]
fn a_password_typed_too_early_is_no_command() {
    let server = start_server();
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    let mut client = Program::start_on_terminal(CLIENT, &[&ip, &port], ENVIRONMENT);
    client.output.until("user name:");
    client.type_bytes("jacky\rhush-hush\r");
    client.output.until("password:");
    client.type_line(&password("jacky"));
    client.output.until("Build connection successful\r\n");
    client.type_line("/list");
    let seen = client.output.until("301 jacky\r\n");
    assert!(!seen.contains("hush"), "{seen}");
}

#[test]
fn through_a_pipe_it_is_the_default_build() {
    let server = start_server();
    let (ip, port) = (server.ip().to_string(), server.port().to_string());
    let mut client = Program::start(CLIENT, &[&ip, &port]);
    client.type_bytes("jacky\nwrong\njacky\njacky-secret\n/lits\n/li\t\n");
    client.close_input();
    assert_eq!(client.status(), 0);
    let expected = "Please input your user name:jacky\n\
                    Please input your password:\n\
                    102 Authentication failed\n\
                    Please input your user name:jacky\n\
                    Please input your password:\n\
                    101 Authentication successful\n\
                    201 Build connection successful\n\
                    /lits\n\
                    401 Unrecognized message\n\
                    /li\\t\n\
                    401 Unrecognized message\n\
                    310 Bye bye\n";
    assert_eq!(client.output.rest(), expected);
    assert_eq!(client.errors.rest(), "");
}
