//! From the first prompt to `201`.

use std::{io::ErrorKind, net::SocketAddr};

use testkit::{Client, FakeServer, Peer};

use crate::{LOGIN, NAME, PASSWORD, leave, online, online_at, start};

#[test]
fn prompts_and_echo_byte_for_byte() {
    let server = FakeServer::listen();
    let mut program = start(&server, &[]);
    let mut la = server.accept();
    program.output.expect(NAME);
    program.type_line("jacky");
    program.output.expect(&format!("jacky\n{PASSWORD}"));
    program.type_line("12345");
    program.output.expect("\n");
    la.expect_bytes("/login jacky 12345\n");
    la.say("101 Authentication successful");
    program.output.expect("101 Authentication successful\n");
    let lb = server.dial(server.expect_port(&mut la));
    la.say("201 Build connection successful");
    program.output.expect("201 Build connection successful\n");
    leave(program, Client { la, lb });
}

#[test]
fn anything_but_101_is_shown_and_asked_again() {
    let server = FakeServer::listen();
    let mut program = start(&server, &[]);
    let mut la = server.accept();
    for reply in [
        "102 Authentication failed",
        "102",
        "401 Unrecognized message",
        "201 Build connection successful",
        "310 Bye bye",
        "999 whatever",
        "1011 not a code",
        "101x",
        " 101 Authentication successful",
        "Authentication successful",
        "",
    ] {
        program.output.expect(NAME);
        program.type_line("jacky");
        program.output.expect(&format!("jacky\n{PASSWORD}"));
        program.type_line("wrong");
        la.expect("/login jacky wrong");
        la.say(reply);
        program.output.expect(&format!("\n{reply}\n"));
    }
    program.output.expect(NAME);
    program.type_bytes("jacky\n12345\n");
    server.let_in(&mut la, LOGIN);
    server.expect_port(&mut la);
}

#[test]
fn replies_are_judged_by_their_code_alone() {
    for (success, connected) in [("101", "201"), ("101 Come in", "201 There you are")] {
        let server = FakeServer::listen();
        let mut program = start(&server, &[]);
        let mut la = server.accept();
        program.type_bytes("jacky\n12345\n");
        la.expect(LOGIN);
        la.say(success);
        let lb = server.dial(server.expect_port(&mut la));
        la.say(connected);
        program.output.expect(&format!(
            "{NAME}jacky\n{PASSWORD}\n{success}\n{connected}\n"
        ));
        leave(program, Client { la, lb });
    }
}

#[test]
fn name_and_password_are_sent_as_typed() {
    let server = FakeServer::listen();
    let mut program = start(&server, &[]);
    let mut la = server.accept();
    for (typed, sent) in [
        (
            &b"m\xc3\xbcller\ngr\xc3\xbcn~\n"[..],
            &b"/login m\xc3\xbcller gr\xc3\xbcn~\n"[..],
        ),
        (b"\n\n", b"/login  \n"),
        (b"two words\nx  y\n", b"/login two words x  y\n"),
        (b" jacky \n 12345 \n", b"/login  jacky   12345 \n"),
        (b"jacky\r\n12345\r\n", b"/login jacky 12345\n"),
        (b"jacky\r\r\n12345\n", b"/login jacky\r 12345\n"),
        (b"/exit\n/list\n", b"/login /exit /list\n"),
        (b"\xff\n\xfe\n", b"/login \xff \xfe\n"),
    ] {
        program.output.until(NAME);
        program.type_bytes(typed);
        la.expect_bytes(sent);
        la.say("102 Authentication failed");
    }
}

#[test]
fn the_password_is_not_shown() {
    let (mut program, mut client) = online(&[]);
    client.la.say("999 the last line");
    program.output.until("999 the last line\n");
    assert!(!program.output.all().contains("12345"));
}

#[test]
fn the_port_is_listened_at_on_las_own_address_only() {
    let server = FakeServer::listen();
    let ports = [(); 3].map(|()| {
        let mut program = start(&server, &[]);
        program.type_bytes("jacky\n12345\n");
        let mut la = server.accept();
        server.let_in(&mut la, LOGIN);
        let waiting = server.expect_port(&mut la);
        let elsewhere = SocketAddr::from(([127, 0, 0, 3], waiting.port()));
        let refused = Peer::connect_from(SocketAddr::from(([127, 0, 0, 1], 0)), elsewhere);
        assert_eq!(
            refused.expect_err("elsewhere").kind(),
            ErrorKind::ConnectionRefused
        );
        server.dial(waiting);
        waiting.port()
    });
    // Three times the same is no random choice.
    assert!(ports.iter().any(|port| *port != ports[0]), "{ports:?}");
}

#[test]
fn without_201_it_ends_with_1() {
    for reply in [
        "202 Build connection failed",
        "202",
        "202 no way",
        "401 Unrecognized message",
        "101 Authentication successful",
        "310 Bye bye",
        "2011",
        "",
    ] {
        let server = FakeServer::listen();
        let mut program = start(&server, &[]);
        program.type_bytes("jacky\n12345\n");
        let mut la = server.accept();
        server.let_in(&mut la, LOGIN);
        server.expect_port(&mut la);
        la.say(reply);
        assert_eq!(program.status(), 1, "{reply:?}");
        program.output.expect(&format!(
            "{NAME}jacky\n{PASSWORD}\n101 Authentication successful\n{reply}\n"
        ));
        program.output.expect_end();
        la.expect_end();
    }
}

/// Once the stranger has the address of the client itself, once that of somebody else.
#[test]
fn only_the_server_may_dial_lb() {
    let (here, there) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    for (own, strange) in [(there, here), (here, there)] {
        let server = FakeServer::listen_at(own);
        let mut program = start(&server, &[]);
        program.type_bytes("jacky\n12345\n");
        let mut la = server.accept();
        server.let_in(&mut la, LOGIN);
        let waiting = server.expect_port(&mut la);
        for _ in 0..3 {
            let strange = SocketAddr::from((strange, 0));
            let mut stranger = Peer::connect_from(strange, waiting).expect("somebody listens");
            // It may be closed before this is sent.
            let _ = stranger.try_send("/from bob I am the server\n");
            stranger.expect_end();
        }
        let lb = server.dial(waiting);
        la.say("201 Build connection successful");
        let mut client = Client { la, lb };
        client.deliver("/from bob hi");
        program.output.expect(&format!(
            "{NAME}jacky\n{PASSWORD}\n101 Authentication successful\n"
        ));
        let rest = program.output.until("bob: hi\n");
        assert!(!rest.contains("I am the server"), "{rest}");
        program.errors.until("\n");
    }
}

/// The server may have others' messages for a user before its `201` is read.
#[test]
fn a_delivery_before_201() {
    let server = FakeServer::listen();
    let mut program = start(&server, &[]);
    program.type_bytes("jacky\n12345\n");
    let mut la = server.accept();
    server.let_in(&mut la, LOGIN);
    let lb = server.dial(server.expect_port(&mut la));
    let mut client = Client { la, lb };
    client.deliver("/from bob early");
    client.la.say("201 Build connection successful");
    program.output.expect(&format!(
        "{NAME}jacky\n{PASSWORD}\n101 Authentication successful\n\
         [HH:MM] bob: early\n201 Build connection successful\n"
    ));
    leave(program, client);
}

#[test]
fn there_is_one_lb() {
    let server = FakeServer::listen();
    let mut program = start(&server, &[]);
    program.type_bytes("jacky\n12345\n");
    let mut la = server.accept();
    server.let_in(&mut la, LOGIN);
    let waiting = server.expect_port(&mut la);
    let lb = server.dial(waiting);
    la.say("201 Build connection successful");
    let mut client = Client { la, lb };
    // Whoever acknowledges has accepted.
    client.deliver("/from bob hi");
    let second = Peer::connect_from(SocketAddr::new(server.address().ip(), 0), waiting);
    assert_eq!(
        second.expect_err("a second Lb").kind(),
        ErrorKind::ConnectionRefused
    );
}

#[test]
fn a_server_at_another_address() {
    let server = FakeServer::listen_at([127, 0, 0, 2]);
    let (program, client) = online_at(&server, &[]);
    leave(program, client);
}
