//! Every way and every moment to go: the name is free at once, and nothing is left behind.

use std::time::{Duration, Instant};

use testkit::{Lb, Peer, Server, descriptors, password, wait_until};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const DELIVERED: &str = "303 Message delivery successful";
const WELCOME: &str = "101 Authentication successful";

/// How a client goes, and in which way it does that.
type Way = (&'static str, fn(Peer));

/// How far a client comes before it goes.
#[derive(Debug, Clone, Copy)]
enum Step {
    Connected,
    HalfALine,
    Refused,
    LoggedIn,
    Dialled,
    Online,
    HalfACommand,
    Delivered,
    Waiting,
}

const STEPS: [Step; 9] = [
    Step::Connected,
    Step::HalfALine,
    Step::Refused,
    Step::LoggedIn,
    Step::Dialled,
    Step::Online,
    Step::HalfACommand,
    Step::Delivered,
    Step::Waiting,
];

/// A client named jacky that has come so far, its Lb, and bob, if somebody else is involved.
fn come(server: &Server, step: Step) -> (Peer, Vec<Peer>) {
    let mut la = server.dial();
    match step {
        Step::Connected => return (la, vec![]),
        Step::HalfALine => {
            la.send("/login jacky jac");
            return (la, vec![]);
        }
        Step::Refused => {
            assert_eq!(la.ask("/login jacky wrong"), "102 Authentication failed");
            return (la, vec![]);
        }
        _ => assert_eq!(
            la.ask(&format!("/login jacky {}", password("jacky"))),
            WELCOME
        ),
    }
    if matches!(step, Step::LoggedIn) {
        return (la, vec![]);
    }
    let listener = Lb::listen();
    la.say(&format!("/port {}", listener.port()));
    let lb = listener.accept();
    if matches!(step, Step::Dialled) {
        return (la, vec![lb]); // 201 is not read
    }
    la.expect("201 Build connection successful");
    let mut others = vec![lb];
    match step {
        Step::HalfACommand => la.send("/toall hel"),
        Step::Delivered => {
            let mut bob = server.user("bob");
            bob.la.say("/to jacky hi");
            others[0].expect("/from bob hi");
            others.extend([bob.la, bob.lb]);
        }
        Step::Waiting => {
            let mut bob = server.user("bob");
            la.say("/to bob hi");
            bob.lb.expect("/from jacky hi");
            others.extend([bob.la, bob.lb]);
        }
        _ => {}
    }
    (la, others)
}

#[test]
fn at_every_step_in_every_way() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    drop(server.user("michael"));
    wait_until("nobody is there", || server.sessions() == 0);
    let before = descriptors(server.id());
    let ways: [Way; 3] = [
        ("close", drop),
        ("reset", Peer::reset),
        ("half-close", |la| {
            la.half_close();
            std::mem::forget(la);
        }),
    ];
    for step in STEPS {
        for (how, go) in ways {
            let (la, others) = come(&server, step);
            go(la);
            // Until the end has reached the server, the name is still taken.
            let start = Instant::now();
            wait_until("the name is free", || {
                let mut again = server.dial();
                again.ask(&format!("/login jacky {}", password("jacky"))) == WELCOME
            });
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{step:?}, {how}: not at once"
            );
            drop(others);
            wait_until("no thread is left", || server.sessions() == 0);
            wait_until("no descriptor is left", || {
                descriptors(server.id()) == before
            });
        }
    }
}

#[test]
fn silent_strangers_and_slow_logins_are_sent_away_in_time() {
    let options = ["--login-timeout", "0.4", "--port-timeout", "0.4"];
    let server = Server::start(SERVER, &options);
    let start = Instant::now();
    let mut silent = server.dial();
    let mut slow = server.dial();
    let mut without_lb = server.dial();
    assert_eq!(without_lb.ask("/login bob bob-secret"), WELCOME);
    for byte in b"/login jacky jacky-secret".iter().cycle() {
        if slow.try_send([*byte]).is_err() || start.elapsed() > Duration::from_secs(10) {
            break;
        }
        if slow.next_line(Duration::from_millis(50)).is_some() {
            panic!("an answer to half a line");
        }
    }
    slow.expect_end();
    silent.expect_end();
    // Commands do not buy time before Lb stands.
    without_lb.expect_end();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(server.user("bob").ask("/list"), "301 bob");
}

#[test]
fn a_dial_buys_no_time() {
    let options = ["--port-timeout", "0.7", "--dial-timeout", "19"];
    let server = Server::start(SERVER, &options);
    let (full, _queued) = Lb::listen_full();
    let mut bob = server.dial();
    assert_eq!(bob.ask("/login bob bob-secret"), WELCOME);
    let start = Instant::now();
    bob.say(&format!("/port {}", full.port()));
    bob.expect("202 Build connection failed");
    bob.expect_end();
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn guesses_sent_ahead_buy_no_time() {
    let server = Server::start(SERVER, &["--login-timeout", "1.5"]);
    let mut guesser = server.dial();
    let start = Instant::now();
    guesser.send("/login bob wrong\n".repeat(20));
    // Five at once, and one a second.
    let answers = String::from_utf8(guesser.rest()).unwrap();
    assert!(answers.lines().count() <= 7, "{answers}");
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[test]
fn who_is_online_is_not_sent_away() {
    let options = [
        "--login-timeout",
        "0.3",
        "--port-timeout",
        "0.3",
        "--ack-timeout",
        "0.3",
    ];
    let server = Server::start(SERVER, &options);
    let mut bob = server.user("bob");
    bob.la.expect_silence(Duration::from_millis(700));
    assert_eq!(bob.ask("/list"), "301 bob");
}

#[test]
fn one_connection_too_many_is_closed() {
    let mut server = Server::start(SERVER, &["--max-clients", "2"]);
    let _bob = server.user("bob");
    let jacky = server.user("jacky");
    let mut third = server.dial();
    third.expect_end();
    server.log().until("turned away");
    drop(jacky);
    wait_until("there is a place again", || {
        server.dial().try_send("/list\n").is_ok() && server.sessions() == 1
    });
    wait_until("jacky comes back", || {
        let mut again = server.dial();
        again.try_send("/login jacky jacky-secret\n").is_ok()
            && again.next_line(Duration::from_secs(5)).as_deref() == Some(WELCOME)
    });
}

#[test]
fn exit_closes_both_and_frees_the_name_before_it_answers() {
    let server = Server::start(SERVER, &[]);
    for _ in 0..200 {
        let mut bob = server.user("bob");
        bob.la.send("/exit\n/list\n");
        bob.la.expect("310 Bye bye");
        bob.lb.expect_end();
        // The name is free although this side has not closed.
        let mut again = server.dial();
        assert_eq!(again.ask("/login bob bob-secret"), WELCOME);
        assert_eq!(again.ask("/exit"), "310 Bye bye");
        bob.la.expect_end();
    }
}

#[test]
fn exit_is_answered_before_lb_is_closed() {
    let server = Server::start(SERVER, &[]);
    for _ in 0..200 {
        let mut bob = server.user("bob");
        bob.la.say("/exit");
        bob.lb.expect_end();
        bob.la.stream().set_nonblocking(true).unwrap();
        assert!(bob.la.stream().peek(&mut [0]).is_ok(), "no 310 yet");
        bob.la.stream().set_nonblocking(false).unwrap();
        bob.la.expect("310 Bye bye");
    }
}

#[test]
fn leaving_does_not_remove_a_namesake_who_came_back() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let (mut jacky, mut michael) = (server.user("jacky"), server.user("michael"));
    // The first bob's thread waits for michael while bob's login is ended by jacky's message.
    let mut first = server.user("bob");
    first.la.say("/to michael hi");
    michael.lb.expect("/from bob hi");
    drop(first.lb);
    assert_eq!(
        jacky.ask("/to bob are you there?"),
        "304 Message delivery failed"
    );
    let mut second = server.user("bob");
    michael.acknowledge();
    first.la.rest();
    wait_until("the first bob's thread ends", || server.sessions() == 3);
    assert_eq!(jacky.ask("/list"), "301 jacky michael bob");
    assert_eq!(
        server.dial().ask("/login bob bob-secret"),
        "102 Authentication failed"
    );
    jacky.la.say("/to bob still here?");
    second.receive("/from jacky still here?");
    jacky.la.expect("303 Message delivery successful");
}

#[test]
fn a_sender_who_dies_while_waiting_for_a_turn_is_free_at_once() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
    jacky.la.say("/to bob hi");
    bob.lb.expect("/from jacky hi");
    let mut michael = server.user("michael");
    michael.la.say("/to bob hi");
    michael.la.expect_silence(Duration::from_millis(50));
    drop(michael);
    wait_until("michael is gone", || bob.ask("/list") == "301 bob jacky");
    assert_eq!(
        jacky.la.next_line(Duration::from_millis(1)),
        None,
        "and jacky still waits"
    );
}

#[test]
fn who_left_while_waiting_for_a_turn_is_not_heard_any_more() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
    jacky.la.say("/to bob hi");
    bob.lb.expect("/from jacky hi");
    let (mut michael, mut user0) = (server.user("michael"), server.user("user0"));
    michael.la.say("/to bob hi");
    user0.la.say("/toall hi");
    jacky.receive("/broadcastfrom user0 hi");
    michael.receive("/broadcastfrom user0 hi");
    michael.la.expect_silence(Duration::from_millis(50));
    michael.la.reset();
    user0.la.reset();
    wait_until("both are gone", || bob.ask("/list") == "301 bob jacky");
    wait_until("and so are their threads", || server.sessions() == 2);
    bob.acknowledge();
    jacky.la.expect(DELIVERED);
    jacky.la.say("/to bob are you there?");
    bob.receive("/from jacky are you there?");
}

#[test]
fn half_a_line_or_a_reset_behind_a_message_keeps_nobody() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
    let ways: [Way; 2] = [
        ("/to bob hi\n/li", drop),
        ("/to bob hi\n/list\n", Peer::reset),
    ];
    for (ahead, go) in ways {
        let mut michael = server.user("michael");
        michael.la.send(ahead);
        bob.lb.expect("/from michael hi");
        go(michael.la);
        wait_until("michael is gone", || jacky.ask("/list") == "301 jacky bob");
        bob.acknowledge();
    }
}

#[test]
fn a_client_who_dies_while_being_dialled_is_free_before_the_dial_ends() {
    let server = Server::start(SERVER, &["--dial-timeout", "19"]);
    let mut jacky = server.user("jacky");
    let (full, _queued) = Lb::listen_full();
    let mut bob = server.dial();
    assert_eq!(bob.ask("/login bob bob-secret"), WELCOME);
    bob.say(&format!("/port {}", full.port()));
    assert_eq!(jacky.ask("/list"), "301 jacky bob");
    drop(bob);
    let start = Instant::now();
    wait_until("bob is gone", || jacky.ask("/list") == "301 jacky");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn commands_ahead_of_a_half_close_are_answered_behind_a_slow_receiver() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
    jacky.la.send("/to bob hi\n/list\n/exit\n");
    jacky.la.half_close();
    bob.lb.expect("/from jacky hi");
    bob.lb.expect_silence(Duration::from_millis(100));
    bob.acknowledge();
    jacky.la.expect("303 Message delivery successful");
    jacky.la.expect("301 jacky bob");
    jacky.la.expect("310 Bye bye");
    jacky.la.expect_end();
}

#[test]
fn who_closed_lb_alone_can_log_in_again() {
    let server = Server::start(SERVER, &[]);
    let mut first = server.user("bob");
    drop(first.lb);
    wait_until("the name is free", || {
        server
            .dial()
            .ask(&format!("/login bob {}", password("bob")))
            == WELCOME
    });
    first.la.expect_end();
}
