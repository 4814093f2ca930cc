//! Extended mode, a row of its table after another; and that plain sessions see nothing of it.

use std::{process::Command, time::Duration};

use testkit::{Answering, Server, TempFile, User, users_file, wait_until};

const SERVER: &str = env!("CARGO_BIN_EXE_server");
const UNRECOGNIZED: &str = "401 Unrecognized message";
const DELIVERED: &str = "303 Message delivery successful";
const FAILED: &str = "304 Message delivery failed";

fn extended(server: &Server, name: &str) -> User {
    let mut user = server.user(name);
    assert_eq!(user.ask("/extend"), "210 Extended mode");
    user
}

/// All lines of an answer of several, without the times, which must look like times.
fn lines(user: &mut User, command: &str) -> Vec<String> {
    user.la.say(command);
    let mut lines = Vec::new();
    loop {
        let line = user.la.line();
        let is_last = line.as_bytes()[3] == b' ';
        let words = line.split(' ').map(|word| {
            let (before, time) = word
                .rsplit_once("340-")
                .map_or(("", word), |(_, time)| ("340-", time));
            let shape: String = time
                .chars()
                .map(|c| if c.is_ascii_digit() { '9' } else { c })
                .collect();
            if shape == "9999-99-99T99:99:99.999Z" {
                format!("{before}TIME")
            } else {
                word.to_owned()
            }
        });
        lines.push(words.collect::<Vec<_>>().join(" "));
        if is_last {
            return lines;
        }
    }
}

#[test]
fn asking() {
    let server = Server::start(SERVER, &[]);
    let mut peer = server.dial();
    assert_eq!(peer.ask("/extend"), UNRECOGNIZED);
    assert_eq!(
        peer.ask("/login bob bob-secret"),
        "101 Authentication successful"
    );
    assert_eq!(peer.ask("/extend"), UNRECOGNIZED, "before 201");
    let mut jacky = server.user("jacky");
    for wrong in [
        "/EXTEND",
        "/extend ",
        "/extend now",
        "/join rust",
        "/help",
        "/LIST",
    ] {
        assert_eq!(jacky.ask(wrong), UNRECOGNIZED, "{wrong}");
    }
    assert_eq!(jacky.ask("/extend"), "210 Extended mode");
    assert_eq!(jacky.ask("/extend"), "210 Extended mode");
    assert_eq!(jacky.ask("/List"), "301 jacky bob");
    assert_eq!(jacky.ask("/extend now"), "402 Usage: /extend");

    let strict = Server::start(SERVER, &["--strict"]);
    let mut jacky = strict.user("jacky");
    assert_eq!(jacky.ask("/extend"), UNRECOGNIZED);
    assert_eq!(jacky.ask("/join rust"), UNRECOGNIZED);
}

#[test]
fn wrong_uses_have_a_usage_and_unknown_commands_a_401() {
    let server = Server::start(SERVER, &[]);
    let mut jacky = extended(&server, "jacky");
    for (line, reply) in [
        ("/join", "402 Usage: /join CHANNEL"),
        ("/join a b", "402 Usage: /join CHANNEL"),
        ("/join #a", "402 Usage: /join CHANNEL"),
        ("/to bob", "402 Usage: /to NAME TEXT"),
        ("/toall", "402 Usage: /toall TEXT"),
        ("/list all", "402 Usage: /list"),
        ("/group lunch", "402 Usage: /group NAME user user …"),
        ("/history", "402 Usage: /history WHO [N]"),
        ("/history bob 0", "402 Usage: /history WHO [N]"),
        ("/jion rust", UNRECOGNIZED),
        ("hello", UNRECOGNIZED),
        ("", UNRECOGNIZED),
        ("/login jacky jacky-secret", UNRECOGNIZED),
        ("/port 12345", UNRECOGNIZED),
    ] {
        assert_eq!(jacky.ask(line), reply, "{line:?}");
    }
    jacky.la.send(b"/join \xff\n");
    jacky.la.expect(UNRECOGNIZED);
    jacky.la.say(&"x".repeat(9000));
    jacky.la.expect(UNRECOGNIZED);
}

#[test]
fn channels() {
    let server = Server::start(SERVER, &[]);
    let (mut jacky, mut bob) = (extended(&server, "jacky"), extended(&server, "bob"));
    let mut michael = extended(&server, "michael");
    assert_eq!(jacky.ask("/channels"), "320");
    assert_eq!(jacky.ask("/join rust"), "220 Joined rust");
    assert_eq!(jacky.ask("/JOIN rust"), "221 Already in rust");
    assert_eq!(
        jacky.ask("/say rust alone"),
        DELIVERED,
        "as /toall with nobody else"
    );
    assert_eq!(bob.ask("/join rust"), "220 Joined rust");
    assert_eq!(bob.ask("/join ada"), "220 Joined ada");
    assert_eq!(jacky.ask("/channels"), "320 ada:1 rust:2");
    assert_eq!(michael.ask("/members rust"), "321 jacky bob");
    assert_eq!(michael.ask("/members c"), "404 No such channel");
    assert_eq!(michael.ask("/say rust hi"), "404 Not in rust");
    assert_eq!(michael.ask("/leave rust"), "404 Not in rust");

    jacky.la.say("/say rust  two  spaces ");
    bob.receive("/channelfrom rust jacky  two  spaces ");
    jacky.la.expect(DELIVERED);
    michael.lb.expect_silence(Duration::from_millis(20));

    jacky.la.say("/say rust refused");
    bob.lb.expect("/channelfrom rust jacky refused");
    bob.lb.say("401 no");
    jacky.la.expect(FAILED);

    assert_eq!(jacky.ask("/leave rust"), "222 Left rust");
    assert_eq!(bob.ask("/members rust"), "321 bob");
    drop(bob);
    wait_until("bob has left", || {
        michael.ask("/list") == "301 michael jacky"
    });
    assert_eq!(
        jacky.ask("/channels"),
        "320",
        "leaving the server leaves them"
    );
}

#[test]
fn groups() {
    let server = Server::start(SERVER, &[]);
    let mut jacky = extended(&server, "jacky");
    let mut bob = extended(&server, "bob");
    let mut plain = server.user("michael");
    assert_eq!(jacky.ask("/groups"), "330");
    assert_eq!(
        jacky.ask("/group lunch bob michael jacky bob"),
        "230 Group lunch of 3"
    );
    assert_eq!(jacky.ask("/group a.b bob"), "230 Group a.b of 1");
    assert_eq!(jacky.ask("/groups"), "330 a.b:1 lunch:3");
    assert_eq!(
        jacky.ask("/group lunch bob nobody"),
        "405 Unknown user nobody"
    );
    assert_eq!(bob.ask("/groups"), "330", "they belong to who made them");
    assert_eq!(bob.ask("/togroup lunch hi"), "404 No such group");

    jacky.la.say("/togroup lunch noon?");
    bob.receive("/groupfrom lunch jacky noon?");
    plain.receive("/from jacky noon?");
    jacky.la.expect(DELIVERED);

    assert_eq!(
        jacky.ask("/group lunch bob user0"),
        "230 Group lunch of 2",
        "replaced"
    );
    jacky.la.say("/togroup lunch hi");
    bob.receive("/groupfrom lunch jacky hi");
    jacky.la.expect(FAILED);
    assert_eq!(jacky.ask("/ungroup lunch"), "231 Group lunch gone");
    assert_eq!(jacky.ask("/ungroup lunch"), "404 No such group");
    assert_eq!(jacky.ask("/togroup lunch hi"), "404 No such group");
}

#[test]
fn history() {
    let server = Server::start(SERVER, &["--history-limit", "25"]);
    let mut jacky = extended(&server, "jacky");
    let mut bob = server.user("bob").answering();
    assert_eq!(lines(&mut jacky, "/history bob"), ["340 0 messages"]);
    let jacky_answers = |jacky: &mut User, bob: &mut Answering, text: &str| {
        bob.la.say(&format!("/to jacky {text}"));
        jacky.receive(&format!("/from bob {text}"));
        bob.la.expect(DELIVERED);
    };
    assert_eq!(jacky.ask("/to bob one"), DELIVERED);
    jacky_answers(&mut jacky, &mut bob, "two  words ");
    assert_eq!(jacky.ask("/to michael not there"), FAILED);
    assert_eq!(jacky.ask("/toall hello"), DELIVERED);
    assert_eq!(
        lines(&mut jacky, "/history bob"),
        [
            "340-TIME jacky one",
            "340-TIME bob two  words ",
            "340 2 messages"
        ]
    );
    assert_eq!(
        lines(&mut jacky, "/HISTORY bob 1"),
        ["340-TIME bob two  words ", "340 1 messages"]
    );
    assert_eq!(
        lines(&mut jacky, "/history *"),
        ["340-TIME jacky hello", "340 1 messages"]
    );
    assert_eq!(lines(&mut jacky, "/history michael"), ["340 0 messages"]);
    assert_eq!(jacky.ask("/history nobody"), "405 Unknown user nobody");
    assert_eq!(jacky.ask("/history #rust"), "404 Not in rust");

    for number in 0..30 {
        jacky_answers(&mut jacky, &mut bob, &number.to_string());
    }
    assert_eq!(lines(&mut jacky, "/history bob").len(), 20 + 1);
    assert_eq!(
        lines(&mut jacky, "/history bob 999").len(),
        25 + 1,
        "--history-limit"
    );

    // A third reads neither, and a channel only from when one joined.
    let mut michael = extended(&server, "michael");
    assert_eq!(lines(&mut michael, "/history bob"), ["340 0 messages"]);
    let mut carol = extended(&server, "user0");
    michael.ask("/join rust");
    carol.ask("/join rust");
    michael.la.say("/say rust before");
    carol.receive("/channelfrom rust michael before");
    michael.la.expect(DELIVERED);
    jacky.ask("/join rust");
    michael.la.say("/say rust after");
    carol.receive("/channelfrom rust michael after");
    jacky.receive("/channelfrom rust michael after");
    michael.la.expect(DELIVERED);
    assert_eq!(
        lines(&mut jacky, "/history #rust"),
        ["340-TIME michael after", "340 1 messages"]
    );
    assert_eq!(lines(&mut carol, "/history #rust").len(), 3);
    jacky.ask("/leave rust");
    assert_eq!(jacky.ask("/history #rust"), "404 Not in rust");
}

#[test]
fn what_nobody_acknowledged_is_no_history() {
    let server = Server::start(SERVER, &[]);
    let mut jacky = extended(&server, "jacky");
    assert_eq!(jacky.ask("/toall nobody is here"), DELIVERED);
    assert_eq!(lines(&mut jacky, "/history *"), ["340 0 messages"]);
    let (mut bob, mut michael) = (server.user("bob"), server.user("michael"));
    jacky.la.say("/toall one of two");
    bob.receive("/broadcastfrom jacky one of two");
    michael.lb.expect("/broadcastfrom jacky one of two");
    michael.lb.say("304 no");
    jacky.la.expect(FAILED);
    assert_eq!(
        lines(&mut jacky, "/history *"),
        ["340-TIME jacky one of two", "340 1 messages"]
    );
}

#[test]
fn notices() {
    let server = Server::start(SERVER, &["--ack-timeout", "2"]);
    let mut jacky = extended(&server, "jacky");
    assert_eq!(jacky.ask("/notices on"), "250 Notices on");
    let mut logged_in = server.dial();
    assert_eq!(
        logged_in.ask("/login michael michael-secret"),
        "101 Authentication successful"
    );
    drop(logged_in); // never had an Lb: no notice
    let bob = extended(&server, "bob");
    jacky.receive("/notice bob came");
    drop(bob);
    jacky.receive("/notice bob left");
    let mut bob = extended(&server, "bob");
    jacky.receive("/notice bob came");
    assert_eq!(bob.ask("/notices on"), "250 Notices on");
    assert_eq!(bob.ask("/exit"), "310 Bye bye");
    jacky.receive("/notice bob left");
    assert_eq!(jacky.ask("/notices off"), "250 Notices off");
    drop(server.user("bob"));
    jacky.lb.expect_silence(Duration::from_millis(100));
}

#[test]
fn a_notice_that_is_not_acknowledged_delays_nobody_else() {
    let server = Server::start(SERVER, &["--ack-timeout", "3"]);
    let mut silent = extended(&server, "michael");
    silent.ask("/notices on");
    let mut bob = server.user("bob").answering();
    silent.lb.expect("/notice bob came");
    let mut jacky = server.user("jacky").answering();
    assert_eq!(jacky.ask("/to bob hi"), DELIVERED);
    assert_eq!(bob.ask("/to jacky hi"), DELIVERED);
    assert_eq!(
        bob.ask("/list"),
        "301 bob michael jacky",
        "all before the time-out"
    );
    wait_until("the silent one is logged out", || {
        bob.ask("/list") == "301 bob jacky"
    });
}

#[test]
fn a_slow_receiver_of_notices_delays_nobody_elses() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let mut slow = extended(&server, "michael");
    slow.ask("/notices on");
    let mut jacky = extended(&server, "jacky");
    jacky.ask("/notices on");
    slow.lb.expect("/notice jacky came");
    for _ in 0..3 {
        drop(server.user("bob"));
        jacky.receive("/notice bob came");
        jacky.receive("/notice bob left");
    }
    slow.acknowledge();
    slow.receive("/notice bob came");
}

#[test]
fn who_and_help() {
    let server = Server::start(SERVER, &[]);
    let mut jacky = extended(&server, "jacky");
    let _bob = server.user("bob");
    assert_eq!(
        lines(&mut jacky, "/who"),
        [
            "350-jacky TIME extended",
            "350-bob TIME plain",
            "350 2 online"
        ]
    );
    let help = lines(&mut jacky, "/help");
    assert_eq!(
        help.last().unwrap(),
        &format!("360 {} commands", help.len() - 1)
    );
    for form in [
        "/list",
        "/to NAME TEXT",
        "/join CHANNEL",
        "/group NAME user user …",
        "/help",
    ] {
        assert!(help.contains(&format!("360-{form}")), "{form}");
    }
}

#[test]
fn plain_sessions_see_nothing_of_all_this() {
    let server = Server::start(SERVER, &[]);
    let mut plain = server.user("bob");
    let (mut jacky, mut michael) = (extended(&server, "jacky"), extended(&server, "michael"));
    for user in [&mut jacky, &mut michael] {
        user.ask("/join rust");
    }
    jacky.ask("/group both bob michael");
    jacky.la.say("/say rust hi");
    michael.receive("/channelfrom rust jacky hi");
    jacky.la.expect(DELIVERED);
    jacky.la.say("/togroup both hi");
    plain.receive("/from jacky hi");
    michael.receive("/groupfrom both jacky hi");
    jacky.la.expect(DELIVERED);
    jacky.ask("/notices on");
    drop(michael);
    jacky.receive("/notice michael left");
    plain.lb.expect_silence(Duration::from_millis(50));
    for line in [
        "/join rust",
        "/leave rust",
        "/channels",
        "/members rust",
        "/say rust hi",
        "/group a bob",
        "/ungroup a",
        "/groups",
        "/togroup a hi",
        "/history jacky",
        "/notices on",
        "/who",
        "/help",
    ] {
        assert_eq!(plain.ask(line), UNRECOGNIZED, "{line}");
    }
    assert_eq!(plain.ask("/list"), "301 bob jacky");
}

/// Starts a server that keeps its history in this file.
fn keeping(file: &str) -> Server {
    Server::start_with(
        Command::new(SERVER),
        "0",
        &["--history", file],
        users_file(4),
    )
}

#[test]
fn a_history_file_survives_sigkill_a_torn_line_and_nonsense() {
    use std::os::unix::fs::PermissionsExt;
    let file = TempFile::new(
        b"nonsense\n2026-01-01T00:00:00.000Z jacky bob long ago\nx\xff\n2026-01-02T00:",
    );
    let path = file.path().to_str().unwrap().to_owned();
    for round in 0..3 {
        let mut server = keeping(&path);
        let mut jacky = extended(&server, "jacky");
        let mut bob = server.user("bob");
        let expected = 1 + round;
        assert_eq!(
            lines(&mut jacky, "/history bob").len(),
            expected + 1,
            "round {round}"
        );
        jacky.la.say(&format!("/to bob round {round}"));
        bob.receive(&format!("/from jacky round {round}"));
        jacky.la.expect(DELIVERED);
        let text = || std::fs::read(&path).unwrap();
        let needle = format!(" jacky bob round {round}\n");
        wait_until("it is written", || text().ends_with(needle.as_bytes()));
        server.kill();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn a_full_disk_stops_nobody_and_is_reported_once() {
    let file = TempFile::new("");
    let path = file.path().to_str().unwrap();
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"",
        SERVER,
    ]);
    let mut server = Server::start_with(command, "0", &["--history", path], users_file(4));
    let mut jacky = extended(&server, "jacky");
    let _bob = server.user("bob").answering();
    let text = "x".repeat(90);
    for _ in 0..20 {
        assert_eq!(jacky.ask(&format!("/to bob {text}")), DELIVERED);
    }
    server.log().until("history is not written");
    assert_eq!(lines(&mut jacky, "/history bob 99").len(), 21);
    server.kill();
    assert_eq!(
        server
            .log()
            .rest()
            .matches("history is not written")
            .count(),
        0
    );
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(
        kept.lines().count() >= 3 && kept.ends_with(&format!("{text}\n")),
        "whole lines only"
    );
}

#[test]
fn history_is_in_the_order_of_sending_after_a_restart_too() {
    let file = TempFile::new("");
    let path = file.path().to_str().unwrap().to_owned();
    let mut server = keeping(&path);
    let (status, _, errors) = {
        let users = users_file(0);
        let users = users.path().to_str().unwrap().to_owned();
        testkit::run(
            SERVER,
            &["0", &users, "--bind", "127.0.0.1", "--history", &path],
        )
    };
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains("another server uses it"), "{errors}");
    let (mut jacky, mut bob) = (extended(&server, "jacky"), server.user("bob"));
    let mut michael = server.user("michael");
    assert_eq!(jacky.ask("/group g bob michael"), "230 Group g of 2");
    jacky.la.say("/togroup g question");
    bob.receive("/from jacky question");
    michael.lb.expect("/from jacky question");
    bob.la.say("/to jacky answer");
    jacky.receive("/from bob answer");
    bob.la.expect(DELIVERED);
    michael.acknowledge();
    jacky.la.expect(DELIVERED);
    jacky.la.say("/to bob slow");
    bob.lb.expect("/from jacky slow");
    bob.la.say("/to jacky fast");
    jacky.receive("/from bob fast");
    bob.la.expect(DELIVERED);
    bob.acknowledge();
    jacky.la.expect(DELIVERED);
    let expected = ["jacky question", "bob answer", "jacky slow", "bob fast"];
    let mut expected: Vec<String> = expected
        .iter()
        .map(|text| format!("340-TIME {text}"))
        .collect();
    expected.push("340 4 messages".into());
    assert_eq!(lines(&mut jacky, "/history bob"), expected);
    wait_until("all is written", || {
        std::fs::read_to_string(&path).unwrap().lines().count() == 5
    });
    server.kill();
    let server = keeping(&path);
    assert_eq!(
        lines(&mut extended(&server, "jacky"), "/history bob"),
        expected
    );
}

#[test]
fn a_return_that_does_not_get_an_lb_is_a_leaving() {
    let server = Server::start(SERVER, &[]);
    let mut curious = extended(&server, "michael");
    curious.ask("/notices on");
    let bob = server.user("bob");
    curious.receive("/notice bob came");
    drop(bob.lb);
    let mut again = server.dial();
    wait_until("the name is free", || {
        again.ask("/login bob bob-secret") == "101 Authentication successful"
    });
    drop(again);
    curious.receive("/notice bob left");
}

#[test]
fn what_is_no_file_cannot_keep_history() {
    let users = users_file(0);
    let users = users.path().to_str().unwrap();
    for place in ["/dev/null", "/no/such/place"] {
        let (status, _, errors) = testkit::run(SERVER, &["0", users, "--history", place]);
        assert_eq!(status, 1);
        assert!(
            errors.starts_with(&format!("server: cannot keep history in {place}: ")),
            "{errors}"
        );
    }
}

#[test]
fn channels_and_groups_have_an_end() {
    let server = Server::start(SERVER, &[]);
    let mut jacky = extended(&server, "jacky");
    for number in 0..64 {
        assert_eq!(
            jacky.ask(&format!("/join c{number}")),
            format!("220 Joined c{number}")
        );
        assert_eq!(
            jacky.ask(&format!("/group g{number} bob")),
            format!("230 Group g{number} of 1")
        );
    }
    assert_eq!(jacky.ask("/join more"), "402 Usage: at most 64 channels");
    assert_eq!(jacky.ask("/join c0"), "221 Already in c0");
    assert_eq!(jacky.ask("/group more bob"), "402 Usage: at most 64 groups");
    assert_eq!(jacky.ask("/group g0 bob michael"), "230 Group g0 of 2");
    assert_eq!(jacky.ask("/leave c0"), "222 Left c0");
    assert_eq!(jacky.ask("/join more"), "220 Joined more");
}

#[test]
fn the_list_of_channels_has_an_end() {
    let server = Server::start_for(SERVER, &[], testkit::users_file(140));
    let mut users = Vec::new();
    for number in 0..140 {
        let mut user = extended(&server, &format!("user{number}"));
        let names = (0..64).map(|channel| format!("{number:030}{channel:02}"));
        let joins: String = names.map(|name| format!("/join {name}\n")).collect();
        user.la.send(joins);
        (0..64).for_each(|_| assert!(user.la.line().starts_with("220 ")));
        users.push(user);
    }
    let list = users[0].ask("/channels");
    assert!(
        (250 << 10..=257 << 10).contains(&list.len()),
        "{}",
        list.len()
    );
    assert!(list.starts_with(&format!("320 {:032}:1 ", 0)) && list.ends_with(":1"));
}

#[test]
fn who_is_called_like_all_has_no_history_after_a_restart_either() {
    let users = || TempFile::new("jacky 1\n* 2\n#rust 3\nbob 4\n");
    let file = TempFile::new("");
    let options = ["--history", file.path().to_str().unwrap()];
    let log_in = |server: &Server, name: &str, password: &str| {
        let mut la = server.dial();
        assert!(
            la.ask(&format!("/login {name} {password}"))
                .starts_with("101")
        );
        let listener = testkit::Lb::listen();
        la.say(&format!("/port {}", listener.port()));
        let lb = listener.accept();
        la.expect("201 Build connection successful");
        let mut user = User { la, lb };
        assert_eq!(user.ask("/extend"), "210 Extended mode");
        user
    };
    let mut server = Server::start_for(SERVER, &options, users());
    let mut jacky = log_in(&server, "jacky", "1");
    for (name, password) in [("*", "2"), ("#rust", "3")] {
        let mut other = log_in(&server, name, password);
        jacky.la.say(&format!("/to {name} private"));
        other.receive("/from jacky private");
        jacky.la.expect(DELIVERED);
        assert_eq!(lines(&mut other, "/history jacky"), ["340 0 messages"]);
    }
    server.kill();
    drop(server);
    let server = Server::start_for(SERVER, &options, users());
    let mut bob = log_in(&server, "bob", "4");
    assert_eq!(lines(&mut bob, "/history *"), ["340 0 messages"]);
}

#[test]
fn what_was_said_before_joining_stays_unread_however_late_it_is_acknowledged() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let (mut jacky, mut bob) = (extended(&server, "jacky"), extended(&server, "bob"));
    jacky.ask("/join rust");
    bob.ask("/join rust");
    jacky.la.say("/say rust secret");
    bob.lb.expect("/channelfrom rust jacky secret");
    let mut michael = extended(&server, "michael");
    michael.ask("/join rust");
    bob.acknowledge();
    jacky.la.expect(DELIVERED);
    assert_eq!(lines(&mut michael, "/history #rust"), ["340 0 messages"]);
    assert_eq!(lines(&mut bob, "/history #rust").len(), 2);
}

#[test]
fn a_quick_return_is_no_leaving() {
    let server = Server::start(SERVER, &["--ack-timeout", "20"]);
    let mut curious = extended(&server, "michael");
    curious.ask("/notices on");
    let mut silent = server.user("bob");
    curious.receive("/notice bob came");
    let mut jacky = server.user("jacky");
    curious.receive("/notice jacky came");
    jacky.la.say("/to bob hi");
    silent.lb.expect("/from jacky hi");
    drop(jacky);
    wait_until("the name is free", || {
        curious.ask("/list") == "301 michael bob"
    });
    let mut jacky = extended(&server, "jacky");
    curious.receive("/notice jacky came");
    jacky.ask("/notices on");
    silent.acknowledge(); // only now the first jacky's thread ends
    // Three sessions, and two that have a thread for notices.
    wait_until("it has ended", || server.sessions() <= 5);
    curious.lb.expect_silence(Duration::from_millis(50));
    jacky.lb.expect_silence(Duration::from_millis(50));
}

#[test]
fn a_long_history_is_answered_with_its_latest_part() {
    let server = Server::start(SERVER, &[]);
    let mut jacky = extended(&server, "jacky");
    let _bob = server.user("bob").answering();
    let text = "x".repeat(8000);
    for _ in 0..50 {
        assert_eq!(jacky.ask(&format!("/to bob {text}")), DELIVERED);
    }
    let answer = lines(&mut jacky, "/history bob 50");
    let length: usize = answer.iter().map(String::len).sum();
    assert!(
        length <= 256 << 10 && answer.len() > 30,
        "{} lines, {length} bytes",
        answer.len()
    );
    assert_eq!(
        answer.last().unwrap(),
        &format!("340 {} messages", answer.len() - 1)
    );
}
