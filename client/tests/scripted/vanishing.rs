//! A server that goes away, or says nothing, at each step of the dialogue.

use std::{
    thread,
    time::{Duration, Instant},
};

use testkit::{Client, FakeServer, Peer, Program};

use crate::{DELIVERED, LOGGED_IN, LOGIN, NAME, PASSWORD, online, start};

/// A second is promised; a busy machine takes its time on top.
const SOON: Duration = Duration::from_secs(4);

/// What is lost.
#[derive(Debug, Clone, Copy)]
enum Lost {
    La,
    Lb,
    Both,
}

/// How a connection ends.
type End = fn(Peer);

const ENDS: [(&str, End); 3] = [
    ("closed", drop),
    ("reset", Peer::reset),
    ("half-closed", |peer| {
        peer.half_close();
        // It stays open on this side, but for the test's end.
        std::mem::forget(peer);
    }),
];

/// The client at some step: all that it has shown was expected, but for `tail`, which it must show
/// before its end.
struct Step {
    program: Program,
    la: Peer,
    lb: Option<Peer>,
    tail: &'static str,
}

impl Step {
    fn at(program: Program, la: Peer, lb: Option<Peer>, tail: &'static str) -> Self {
        Self {
            program,
            la,
            lb,
            tail,
        }
    }
}

/// Brings a client to this step, in a thread of its own for each way in which it can end there.
fn vanish_at(reach: fn() -> Step, losses: &[Lost]) {
    thread::scope(|scope| {
        for &lost in losses {
            for (how, end) in ENDS {
                let check = move || check(reach(), lost, end);
                let case = thread::Builder::new().name(format!("{lost:?} {how}"));
                case.spawn_scoped(scope, check).expect("a thread");
            }
        }
    });
}

fn check(step: Step, lost: Lost, end: End) {
    let Step {
        mut program,
        la,
        lb,
        tail,
    } = step;
    let start = Instant::now();
    // What is not lost stays open until the client has ended.
    let (_la, _lb) = match (lost, lb) {
        (Lost::La, lb) => {
            end(la);
            (None, lb)
        }
        (Lost::Lb, lb) => {
            end(lb.expect("there is an Lb to lose"));
            (Some(la), None)
        }
        (Lost::Both, lb) => {
            end(lb.expect("there is an Lb to lose"));
            end(la);
            (None, None)
        }
    };
    assert_eq!(program.status(), 1);
    assert!(start.elapsed() < SOON);
    program.output.expect(tail);
    program.output.expect_end();
    let errors = program.errors.rest();
    assert!(
        errors.starts_with("client: the server is gone: "),
        "{errors:?}"
    );
    assert_eq!(errors.matches('\n').count(), 1, "{errors:?}");
}

fn connected() -> (Program, FakeServer, Peer) {
    let server = FakeServer::listen();
    let program = start(&server, &[]);
    let la = server.accept();
    (program, server, la)
}

/// A reset may come so early that the client finds it could not connect, and then asks nothing.
#[test]
fn at_once() {
    for (how, end) in ENDS {
        let (mut program, _server, la) = connected();
        let start = Instant::now();
        end(la);
        assert_eq!(program.status(), 1, "{how}");
        assert!(start.elapsed() < SOON, "{how}");
        let (output, errors) = (program.output.rest(), program.errors.rest());
        let why = if how == "reset" && output.is_empty() {
            "client: cannot connect to 127.0.0.1 port "
        } else {
            assert_eq!(output, format!("{NAME}\n"), "{how}");
            "client: the server is gone: "
        };
        assert!(errors.starts_with(why), "{how}: {errors:?}");
        assert_eq!(errors.matches('\n').count(), 1, "{how}: {errors:?}");
    }
}

#[test]
fn at_the_user_names_prompt() {
    let reach = || {
        let (mut program, _server, la) = connected();
        program.output.expect(NAME);
        Step::at(program, la, None, "\n")
    };
    vanish_at(reach, &[Lost::La]);
}

#[test]
fn at_the_passwords_prompt() {
    let reach = || {
        let (mut program, _server, la) = connected();
        program.type_line("jacky");
        program.output.expect(&format!("{NAME}jacky\n{PASSWORD}"));
        Step::at(program, la, None, "\n")
    };
    vanish_at(reach, &[Lost::La]);
}

#[test]
fn after_login() {
    let reach = || {
        let (mut program, _server, mut la) = connected();
        program.type_bytes("jacky\n12345\n");
        la.expect(LOGIN);
        program.output.expect(&format!("{NAME}jacky\n{PASSWORD}\n"));
        Step::at(program, la, None, "")
    };
    vanish_at(reach, &[Lost::La]);
}

#[test]
fn after_a_refused_login() {
    let reach = || {
        let (mut program, _server, mut la) = connected();
        program.type_bytes("jacky\nwrong\n");
        la.expect("/login jacky wrong");
        la.say("102 Authentication failed");
        program.output.expect(&format!(
            "{NAME}jacky\n{PASSWORD}\n102 Authentication failed\n{NAME}"
        ));
        Step::at(program, la, None, "\n")
    };
    vanish_at(reach, &[Lost::La]);
}

#[test]
fn before_answering_port() {
    let reach = || {
        let (mut program, server, mut la) = connected();
        program.type_bytes("jacky\n12345\n");
        server.let_in(&mut la, LOGIN);
        server.expect_port(&mut la);
        program.output.until("101 Authentication successful\n");
        Step::at(program, la, None, "")
    };
    vanish_at(reach, &[Lost::La]);
}

#[test]
fn between_dialling_lb_and_201() {
    let reach = || {
        let (mut program, server, mut la) = connected();
        program.type_bytes("jacky\n12345\n");
        server.let_in(&mut la, LOGIN);
        let lb = Some(server.dial(server.expect_port(&mut la)));
        program.output.until("101 Authentication successful\n");
        Step::at(program, la, lb, "")
    };
    vanish_at(reach, &[Lost::La, Lost::Lb, Lost::Both]);
}

#[test]
fn while_idle() {
    let reach = || {
        let (program, Client { la, lb }) = online(&[]);
        Step::at(program, la, Some(lb), "")
    };
    vanish_at(reach, &[Lost::La, Lost::Lb, Lost::Both]);
}

#[test]
fn while_a_command_is_half_typed() {
    let reach = || {
        let (mut program, Client { la, lb }) = online(&[]);
        program.type_bytes("/to bob h");
        Step::at(program, la, Some(lb), "")
    };
    vanish_at(reach, &[Lost::La, Lost::Lb, Lost::Both]);
}

#[test]
fn while_a_command_waits() {
    let reach = || {
        let (mut program, Client { mut la, lb }) = online(&[]);
        program.type_line("/to bob hi");
        la.expect("/to bob hi");
        program.output.expect("/to bob hi\n");
        Step::at(program, la, Some(lb), "")
    };
    vanish_at(reach, &[Lost::La, Lost::Lb, Lost::Both]);
}

#[test]
fn while_exit_waits() {
    let reach = || {
        let (mut program, Client { mut la, lb }) = online(&[]);
        program.type_line("/exit");
        la.expect("/exit");
        program.output.expect("/exit\n");
        Step::at(program, la, Some(lb), "")
    };
    vanish_at(reach, &[Lost::La, Lost::Lb, Lost::Both]);
}

#[test]
fn in_the_middle_of_a_line() {
    let half_reply = || {
        let (mut program, Client { mut la, lb }) = online(&[]);
        program.type_line("/list");
        la.expect("/list");
        la.send("301 jack");
        program.output.expect("/list\n");
        Step::at(program, la, Some(lb), "")
    };
    vanish_at(half_reply, &[Lost::La, Lost::Both]);
    let half_delivery = || {
        let (program, Client { la, mut lb }) = online(&[]);
        lb.send("/from bob h");
        Step::at(program, la, Some(lb), "")
    };
    vanish_at(half_delivery, &[Lost::Lb, Lost::Both]);
}

#[test]
fn last_words_are_shown() {
    let reply = || {
        let (mut program, Client { mut la, lb }) = online(&[]);
        program.type_line("/list");
        la.expect("/list");
        la.say("301 jacky");
        Step::at(program, la, Some(lb), "/list\n301 jacky\n")
    };
    vanish_at(reply, &[Lost::La, Lost::Lb, Lost::Both]);
    let delivery = || {
        let (program, Client { la, mut lb }) = online(&[]);
        lb.say("/from bob hi");
        lb.expect("302 Message receipt successful");
        Step::at(program, la, Some(lb), "[HH:MM] bob: hi\n")
    };
    vanish_at(delivery, &[Lost::La, Lost::Lb, Lost::Both]);
}

#[test]
fn deliveries_before_the_end_are_shown_though_la_ends_first() {
    let (mut program, Client { la, mut lb }) = online(&[]);
    lb.send("/from bob hi\n".repeat(100));
    lb.half_close();
    drop(la);
    assert_eq!(program.status(), 1);
    program.output.expect(&"[HH:MM] bob: hi\n".repeat(100));
    program.output.expect_end();
    lb.expect_bytes("302 Message receipt successful\n".repeat(100));
}

/// Lb is gone, but La still brings the reply: the command is answered, and then it is over.
#[test]
fn a_reply_does_not_hide_that_lb_is_gone() {
    for end in [drop, Peer::reset] {
        let (mut program, Client { mut la, lb }) = online(&[]);
        program.type_line("/to bob hi");
        la.expect("/to bob hi");
        end(lb);
        la.say(DELIVERED);
        assert_eq!(program.status(), 1);
        program.output.expect(&format!("/to bob hi\n{DELIVERED}\n"));
        program.output.expect_end();
        program.errors.until("the server is gone");
    }
    let (mut program, server, mut la) = connected();
    program.type_bytes("jacky\n12345\n");
    server.let_in(&mut la, LOGIN);
    drop(server.dial(server.expect_port(&mut la)));
    la.say("201 Build connection successful");
    assert_eq!(program.status(), 1);
    program.output.expect(LOGGED_IN);
    program.output.expect_end();
    program.errors.until("the server is gone");
}

#[test]
fn silence_is_awaited_for_as_long_as_it_was_said() {
    let asks: [fn(&mut Program, &FakeServer) -> Option<Peer>; 3] = [
        |program, _| {
            program.type_bytes("jacky\n12345\n");
            None
        },
        |program, server| {
            program.type_bytes("jacky\n12345\n");
            let mut la = server.accept();
            server.let_in(&mut la, LOGIN);
            server.expect_port(&mut la);
            Some(la)
        },
        |program, server| {
            program.type_bytes("jacky\n12345\n");
            let Client { mut la, lb } = server.welcome(LOGIN);
            program.type_line("/list");
            la.expect("/list");
            std::mem::forget(lb);
            Some(la)
        },
    ];
    for ask in asks {
        let server = FakeServer::listen();
        let start_of_all = Instant::now();
        let mut program = start(&server, &["--reply-timeout", "0.5"]);
        let _la = ask(&mut program, &server);
        assert_eq!(program.status(), 1);
        let elapsed = start_of_all.elapsed();
        assert!(
            (Duration::from_millis(500)..SOON).contains(&elapsed),
            "{elapsed:?}"
        );
        let errors = program.errors.rest();
        assert!(errors.starts_with("client: "), "{errors:?}");
        assert!(!errors.contains("panicked"), "{errors:?}");
    }
}

#[test]
fn bytes_now_and_then_are_silence_too() {
    let (mut program, mut client) = online(&["--reply-timeout", "0.5"]);
    program.type_line("/list");
    client.la.expect("/list");
    let start = Instant::now();
    while client.la.try_send("3").is_ok() {
        assert!(start.elapsed() < SOON);
        let _ = client.lb.try_send("/from bob hi\n");
        client.lb.next_line(Duration::from_millis(50));
    }
    assert_eq!(program.status(), 1);
}

#[test]
fn nothing_asked_nothing_awaited() {
    let (program, mut client) = online(&["--reply-timeout", "0.1"]);
    client.la.expect_silence(Duration::from_millis(300));
    crate::leave(program, client);
}
