//! The end of the input, and `/exit`.

use testkit::{Client, FakeServer, Peer, Program};

use crate::{DELIVERED, LOGGED_IN, LOGIN, NAME, PASSWORD, online, start};

/// Expects the client's `/exit`, answers it, and expects that nothing follows.
#[track_caller]
fn see_off(mut program: Program, mut la: Peer) {
    la.expect_bytes("/exit\n");
    la.say("310 Bye bye");
    program.output.expect("310 Bye bye\n");
    assert_eq!(program.status(), 0);
    program.output.expect_end();
    program.errors.expect_end();
    la.expect_end();
}

#[test]
fn end_of_input_at_the_user_names_prompt() {
    let server = FakeServer::listen();
    let mut program = start(&server, &[]);
    let la = server.accept();
    program.close_input();
    program.output.expect(&format!("{NAME}\n"));
    see_off(program, la);
}

#[test]
fn end_of_input_at_the_passwords_prompt() {
    // A last line without newline counts.
    for typed in ["jacky\n", "jacky"] {
        let server = FakeServer::listen();
        let mut program = start(&server, &[]);
        let la = server.accept();
        program.type_bytes(typed);
        program.close_input();
        program.output.expect(&format!("{NAME}jacky\n{PASSWORD}\n"));
        see_off(program, la);
    }
}

#[test]
fn end_of_input_after_the_password() {
    for typed in ["jacky\n12345\n", "jacky\n12345"] {
        let server = FakeServer::listen();
        let mut program = start(&server, &[]);
        program.type_bytes(typed);
        program.close_input();
        let client = server.welcome(LOGIN);
        program.output.expect(LOGGED_IN);
        see_off(program, client.la);
    }
}

#[test]
fn end_of_input_after_a_refused_login() {
    let server = FakeServer::listen();
    let mut program = start(&server, &[]);
    program.type_bytes("jacky\nwrong\n");
    program.close_input();
    let mut la = server.accept();
    la.expect("/login jacky wrong");
    la.say("102 Authentication failed");
    program.output.expect(&format!(
        "{NAME}jacky\n{PASSWORD}\n102 Authentication failed\n{NAME}\n"
    ));
    see_off(program, la);
}

#[test]
fn a_server_may_say_goodbye_first() {
    let (mut program, mut client) = online(&[]);
    client.la.say("310 Bye bye");
    program.output.expect("310 Bye bye\n");
    assert_eq!(program.status(), 0);
    program.errors.expect_end();
}

#[test]
fn end_of_input_while_idle() {
    let (mut program, client) = online(&[]);
    program.close_input();
    see_off(program, client.la);
}

#[test]
fn end_of_input_while_a_command_waits() {
    for typed in ["/to bob hi\n", "/to bob hi"] {
        let (mut program, mut client) = online(&[]);
        program.type_bytes(typed);
        program.close_input();
        client.la.expect("/to bob hi");
        client.deliver("/from bob hello");
        client.la.say(DELIVERED);
        program
            .output
            .expect(&format!("/to bob hi\n[HH:MM] bob: hello\n{DELIVERED}\n"));
        see_off(program, client.la);
    }
}

#[test]
fn end_of_input_is_the_end_whatever_the_server_says() {
    let answers: [fn(Client); 2] = [
        |mut client| {
            client.la.say("401 Unrecognized message");
            client.la.rest();
        },
        |mut client| {
            client.la.rest(); // says nothing
        },
    ];
    for answer in answers {
        let (mut program, mut client) = online(&["--reply-timeout", "0.3"]);
        program.close_input();
        client.la.expect("/exit");
        answer(client);
        assert_eq!(program.status(), 0);
        program.errors.expect_end();
    }
}

#[test]
fn a_server_that_vanishes_before_its_310_is_gone() {
    let ends: [fn(Client); 3] = [
        drop,
        |client| client.la.reset(),
        |mut client| client.la.send("310 Bye"), // half a line is none
    ];
    for end in ends {
        let (mut program, mut client) = online(&[]);
        program.close_input();
        client.la.expect("/exit");
        end(client);
        assert_eq!(program.status(), 1);
        program.output.expect_end();
        program.errors.expect("client: the server is gone: ");
    }
}

#[test]
fn a_310_is_the_end_whatever_its_phrase_and_whatever_was_asked() {
    for (command, reply) in [
        ("/exit", "310 Bye bye"),
        ("/exit", "310"),
        ("/exit", "310 Tschüss"),
        ("/list", "310 Bye bye"),
        ("hello", "310 Bye bye"),
    ] {
        let (mut program, mut client) = online(&[]);
        program.type_line(command);
        client.la.expect(command);
        client.la.say(reply);
        assert_eq!(program.status(), 0, "{command} {reply}");
        program.output.expect(&format!("{command}\n{reply}\n"));
        program.output.expect_end();
        program.errors.expect_end();
    }
}

#[test]
fn a_310_counts_even_if_lb_goes_first() {
    let (mut program, mut client) = online(&[]);
    program.type_line("/exit");
    client.la.expect("/exit");
    client.lb.reset();
    client.la.say("310 Bye bye");
    assert_eq!(program.status(), 0);
    program.output.expect("/exit\n310 Bye bye\n");
    program.errors.expect_end();
}
