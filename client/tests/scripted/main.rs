//! The client through pipes, against a server whose every word is the test's.

#![allow(clippy::expect_used, clippy::panic)] // this is test code

mod commands;
mod deliveries;
mod extended;
mod invocation;
mod leaving;
mod login;
mod vanishing;

use testkit::{Client, FakeServer, Program};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");

const NAME: &str = "Please input your user name:";
const PASSWORD: &str = "Please input your password:";
const LOGIN: &str = "/login jacky 12345";
/// What a login shows.
const LOGGED_IN: &str = "Please input your user name:jacky\nPlease input your password:\n\
    101 Authentication successful\n201 Build connection successful\n";
const DELIVERED: &str = "303 Message delivery successful";

fn start(server: &FakeServer, options: &[&str]) -> Program {
    let address = server.address();
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    Program::start(CLIENT, &[&[&*ip, &*port], options].concat())
}

/// A client that waits for its first command.
fn online(options: &[&str]) -> (Program, Client) {
    online_at(&FakeServer::listen(), options)
}

fn online_at(server: &FakeServer, options: &[&str]) -> (Program, Client) {
    let mut program = start(server, options);
    program.type_bytes("jacky\n12345\n");
    let client = server.welcome(LOGIN);
    program.output.expect(LOGGED_IN);
    (program, client)
}

/// Types a command, answers it, and expects both on the screen.
#[track_caller]
fn tell(program: &mut Program, client: &mut Client, command: &str, reply: &str) {
    program.type_line(command);
    client.la.expect(command);
    client.la.say(reply);
    program.output.expect(&format!("{command}\n{reply}\n"));
}

/// Leaves with `/exit`. Nothing may come, on any channel, that was not expected before.
#[track_caller]
fn leave(mut program: Program, mut client: Client) {
    tell(&mut program, &mut client, "/exit", "310 Bye bye");
    assert_eq!(program.status(), 0);
    program.output.expect_end();
    program.errors.expect_end();
    client.la.expect_end();
    client.lb.expect_end();
}
