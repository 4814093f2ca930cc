//! The client on a pseudo-terminal, to the last byte where nothing is drawn anew.

#![cfg(not(feature = "line-editor"))] // an editor draws after each key

use testkit::{Client, FakeServer, Peer, Program};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const NAME: &str = "Please input your user name:";
const PASSWORD: &str = "Please input your password:";
const LOGIN: &str = "/login jacky 12345";
/// What the user types to say that there is no more.
const CTRL_D: &[u8] = b"\x04";

fn start(server: &FakeServer) -> Program {
    let (ip, port) = (
        server.address().ip().to_string(),
        server.address().port().to_string(),
    );
    Program::start_on_terminal(CLIENT, &[&ip, &port], &[("NO_COLOR", "1")])
}

/// Answers the two prompts.
#[track_caller]
fn give(program: &mut Program, name: &str, password: &str) {
    program.output.expect(NAME);
    program.type_line(name);
    program.output.expect(&format!("{name}\r\n{PASSWORD}"));
    program.type_line(password);
}

/// The rest of the password's line is not this file's affair; the reply must start a line.
#[track_caller]
fn expect_after_password(program: &mut Program, reply: &str) {
    let line = program.output.until("\n");
    assert!(line.ends_with("\r\n"), "{line:?}");
    program.output.expect(&format!("{reply}\r\n"));
}

fn online() -> (Program, Client) {
    let server = FakeServer::listen();
    let mut program = start(&server);
    give(&mut program, "jacky", "12345");
    let client = server.welcome(LOGIN);
    expect_after_password(&mut program, "101 Authentication successful");
    program.output.expect("201 Build connection successful\r\n");
    (program, client)
}

#[test]
fn each_thing_is_shown_once() {
    let server = FakeServer::listen();
    let mut program = start(&server);
    let mut la = server.accept();
    give(&mut program, "jacky", "wrong");
    la.expect("/login jacky wrong");
    la.say("102 Authentication failed");
    expect_after_password(&mut program, "102 Authentication failed");
    give(&mut program, "jacky", "12345");
    server.let_in(&mut la, LOGIN);
    let lb = server.dial(server.expect_port(&mut la));
    la.say("201 Build connection successful");
    expect_after_password(&mut program, "101 Authentication successful");
    program.output.expect("201 Build connection successful\r\n");
    let mut client = Client { la, lb };

    for (command, reply) in [
        ("/list", "301 jacky bob"),
        ("/to bob  ünïcode 漢字 ", "303 Message delivery successful"),
        ("", "401 Unrecognized message"),
    ] {
        program.type_line(command);
        client.la.expect(command);
        client.la.say(reply);
        program.output.expect(&format!("{command}\r\n{reply}\r\n"));
    }
    program
        .output
        .expect("Commands: /list, /to NAME TEXT, /toall TEXT, /exit\r\n");
    client.deliver("/from bob while \x1b[2Jidle");
    program
        .output
        .expect("[HH:MM] bob: while \\u{1b}[2Jidle\r\n");
    program.type_line("/toall hi");
    client.la.expect("/toall hi");
    client.deliver("/broadcastfrom bob while busy");
    client.la.say("303 Message delivery successful");
    program.output.expect(
        "/toall hi\r\n[HH:MM] bob (to all): while busy\r\n303 Message delivery successful\r\n",
    );
    program.type_line("/exit");
    client.la.expect("/exit");
    client.la.say("310 Bye bye");
    program.output.expect("/exit\r\n310 Bye bye\r\n");
    assert_eq!(program.status(), 0);
    program.output.expect_end();
    client.lb.expect_end();
}

#[test]
fn ctrl_d_leaves_politely_at_each_prompt() {
    let server = FakeServer::listen();
    for password_too in [false, true] {
        let mut program = start(&server);
        program.output.expect(NAME);
        if password_too {
            program.type_line("jacky");
            program.output.expect(&format!("jacky\r\n{PASSWORD}"));
        }
        program.type_bytes(CTRL_D);
        program.output.expect("\r\n");
        expect_left(program, server.accept());
    }
    let (mut program, client) = online();
    program.type_bytes(CTRL_D);
    expect_left(program, client.la);
}

#[track_caller]
fn expect_left(mut program: Program, mut la: Peer) {
    la.expect_bytes("/exit\n");
    la.say("310 Bye bye");
    program.output.expect("310 Bye bye\r\n");
    assert_eq!(program.status(), 0);
    program.output.expect_end();
    la.expect_end();
}

#[test]
fn a_server_that_vanishes_ends_it_at_each_prompt() {
    let gone = "client: the server is gone: it closed the connection\r\n";
    for password_too in [false, true] {
        let server = FakeServer::listen();
        let mut program = start(&server);
        let la = server.accept();
        program.output.expect(NAME);
        if password_too {
            program.type_line("jacky");
            program.output.expect(&format!("jacky\r\n{PASSWORD}"));
        }
        drop(la);
        assert_eq!(program.status(), 1);
        program.output.expect(&format!("\r\n{gone}"));
        program.output.expect_end();
    }
    let (mut program, client) = online();
    drop(client);
    assert_eq!(program.status(), 1);
    program.output.expect(gone);
    program.output.expect_end();
}
