//! Extended mode, against a server whose every word is the test's.

use testkit::{Client, FakeServer, Program};

use crate::{CLIENT, LOGIN, leave, online, tell};

const EXTENDED: &str = "210 Extended mode";
const PLAIN: &str =
    "client: the server does not know extended mode; this session goes on without\n";

/// A client in extended mode, which waits for its first command.
fn extended() -> (Program, Client) {
    let (mut program, mut client) = online(&["--extended"]);
    client.la.expect("/extend");
    client.la.say(EXTENDED);
    program.output.expect(&format!("{EXTENDED}\n"));
    (program, client)
}

/// Sends what is no delivery in plain mode, and expects no receipt but that of the next one.
#[track_caller]
fn expect_plain(program: &mut Program, client: &mut Client) {
    for line in [
        "/channelfrom rust bob hi",
        "/groupfrom lunch bob hi",
        "/notice bob came",
    ] {
        client.lb.say(line);
        let report = program.errors.until("\n");
        assert!(report.contains("not acknowledged"), "{report}");
        client.deliver("/from bob hi");
        program.output.expect("[HH:MM] bob: hi\n");
    }
}

#[test]
fn asked_for_once_online() {
    let (mut program, mut client) = extended();
    for (command, reply) in [
        ("/join rust", "220 Joined rust"),
        ("/JOIN rust", "221 Already in rust"),
        ("/channels", "320 rust:2"),
        ("/groups", "330"),
        ("/join", "402 Usage: /join CHANNEL"),
        ("/leave go", "404 Not in go"),
        ("/jion", "401 Unrecognized message"),
    ] {
        tell(&mut program, &mut client, command, reply);
    }
    leave(program, client);
}

#[test]
fn refused_it_goes_on_plain() {
    for answer in [
        "401 Unrecognized message",
        "404 what?",
        "no code",
        "210-half\n401 Unrecognized message",
    ] {
        let (mut program, mut client) = online(&["--extended"]);
        client.la.expect("/extend");
        client.la.say(answer);
        program.output.expect(&format!("{answer}\n"));
        program.errors.expect(PLAIN);
        expect_plain(&mut program, &mut client);
        // One line, one answer.
        tell(&mut program, &mut client, "/list", "301-jacky");
        leave(program, client);
    }
}

#[test]
fn a_server_that_says_goodbye_or_nothing_ends_it() {
    let (mut program, mut client) = online(&["--extended"]);
    client.la.expect("/extend");
    client.la.say("310 Bye bye");
    program.output.expect("310 Bye bye\n");
    assert_eq!(program.status(), 0);
    program.errors.expect_end();

    let (mut program, mut client) = online(&["--extended"]);
    client.la.expect("/extend");
    drop(client);
    assert_eq!(program.status(), 1);
    program.errors.expect("client: the server is gone: ");
}

#[test]
fn an_answer_of_several_lines_is_one_answer() {
    let (mut program, mut client) = extended();
    program.type_bytes("/help\n/history #rust\n/who\n/list\n");
    client.la.expect("/help");
    program.output.expect("/help\n");
    client.la.say("360-/list");
    client.la.say("360-/group NAME user user …");
    program
        .output
        .expect("360-/list\n360-/group NAME user user …\n");
    // The next command waits: what comes on Lb meanwhile stands before it.
    client.deliver("/from bob hi");
    program.output.expect("[HH:MM] bob: hi\n");
    client.la.say("360 2 commands");
    client.la.expect("/history #rust");
    program.output.expect("360 2 commands\n/history #rust\n");
    client.la.send(
        "340-2026-11-21T10:31:05.123Z jacky  two  spaces \n\
         340-2026-11-21T10:31:09.870Z bob \x1b[2J\n\
         340 2 messages\n",
    );
    program.output.expect(
        "340-2026-11-21T10:31:05.123Z jacky  two  spaces \n\
         340-2026-11-21T10:31:09.870Z bob \\u{1b}[2J\n\
         340 2 messages\n",
    );
    client.la.expect("/who");
    program.output.expect("/who\n");
    client.la.say("350-jacky 2026-11-21T10:31:05.123Z extended");
    client.la.say("350 1 online");
    client.la.expect("/list");
    client.la.say("301 jacky");
    program
        .output
        .expect("350-jacky 2026-11-21T10:31:05.123Z extended\n350 1 online\n/list\n301 jacky\n");
    leave(program, client);
}

#[test]
fn an_answer_that_is_never_ended_is_not_awaited_for_ever() {
    let (mut program, mut client) = online(&["--extended", "--reply-timeout", "0.5"]);
    client.la.expect("/extend");
    client.la.say(EXTENDED);
    program.type_line("/help");
    client.la.expect("/help");
    client.la.say("360-/list");
    assert_eq!(program.status(), 1);
    program
        .output
        .expect(&format!("{EXTENDED}\n/help\n360-/list\n"));
    program.errors.expect("client: no answer from the server");
}

#[test]
fn each_kind_of_delivery_is_shown_and_acknowledged() {
    let (mut program, mut client) = extended();
    for (delivery, shown) in [
        ("/from jacky hi", "jacky: hi"),
        ("/broadcastfrom jacky hi", "jacky (to all): hi"),
        ("/channelfrom rust jacky hi", "jacky (in rust): hi"),
        ("/channelfrom rust jacky  a  b ", "jacky (in rust):  a  b "),
        (
            "/channelfrom a-b_c.d j\x1bk \u{202e}",
            r"j\u{1b}k (in a-b_c.d): \u{202e}",
        ),
        ("/groupfrom lunch jacky hi", "jacky (to lunch): hi"),
        ("/notice jacky came", "jacky came"),
        ("/notice j\x07k left", r"j\u{7}k left"),
    ] {
        client.deliver(delivery);
        program.output.expect(&format!("[HH:MM] {shown}\n"));
    }
    for line in [
        "/channelfrom",
        "/channelfrom rust jacky",
        "/channelfrom \x1b[2J jacky hi",
        "/groupfrom #lunch jacky hi",
        "/notice jacky",
        "/notice jacky went",
        "/CHANNELFROM rust jacky hi",
    ] {
        client.lb.say(line);
        let report = program.errors.until("\n");
        assert!(report.contains("not acknowledged"), "{line:?}: {report}");
        assert!(!report.contains('\x1b'), "{report:?}");
    }
    leave(program, client);
}

/// The server has a session in extended mode before its client knows.
#[test]
fn a_delivery_ahead_of_the_210_is_understood() {
    let (mut program, mut client) = online(&["--extended"]);
    client.la.expect("/extend");
    client.deliver("/groupfrom lunch bob hi");
    client.la.say(EXTENDED);
    program
        .output
        .expect(&format!("[HH:MM] bob (to lunch): hi\n{EXTENDED}\n"));
    leave(program, client);
}

#[test]
fn without_the_flag_nothing_changes() {
    let (mut program, mut client) = online(&[]);
    expect_plain(&mut program, &mut client);
    // Typed by hand it is a line like any other, for this client.
    tell(&mut program, &mut client, "/extend", EXTENDED);
    expect_plain(&mut program, &mut client);
    program.type_bytes("/help\n/list\n");
    client.la.expect("/help");
    client.la.say("360-/list");
    client.la.expect("/list");
    client.la.say("301 jacky");
    program
        .output
        .expect("/help\n360-/list\n/list\n301 jacky\n");
    leave(program, client);
}

#[test]
fn on_a_terminal_it_is_coloured() {
    let server = FakeServer::listen();
    let (ip, port) = (
        server.address().ip().to_string(),
        server.address().port().to_string(),
    );
    let environment = [("TERM", "xterm-256color"), ("NO_COLOR", "")];
    let mut program = Program::start_on_terminal(CLIENT, &[&ip, &port, "--extended"], &environment);
    for (prompt, answer) in [("user name:", "jacky"), ("password:", "12345")] {
        program.output.until(prompt);
        program.type_line(answer);
    }
    let mut client = server.welcome(LOGIN);
    client.la.expect("/extend");
    client.la.say(EXTENDED);
    program
        .output
        .until("\x1b[1;32m210\x1b[0m\x1b[32m Extended mode\x1b[0m\r\n");

    client.deliver("/channelfrom rust bob hi");
    program.output.until("mbob\x1b[0m \x1b[2m(in \x1b[0m\x1b[");
    program.output.until("mrust\x1b[0m\x1b[2m)\x1b[0m: hi\r\n");
    client.deliver("/notice bob left");
    program.output.until("] bob left\x1b[0m\r\n");

    for (command, code) in [("/jion", "401"), ("/join", "402")] {
        program.type_line(command);
        client.la.expect(command);
        client.la.say(&format!("{code} no"));
        program
            .output
            .until(&format!("\x1b[1;31m{code}\x1b[0m\x1b[31m no"));
        program.output.until("All commands: /help");
    }
    program.type_line("/help");
    client.la.expect("/help");
    client.la.send("360-/list\n360 1 commands\n");
    program.output.until("\x1b[1;32m360\x1b[0m-/list\r\n");
    program
        .output
        .until("\x1b[1;32m360\x1b[0m\x1b[32m 1 commands");
    program.type_line("/exit");
    client.la.expect("/exit");
    client.la.say("310 Bye bye");
    assert_eq!(program.status(), 0);
    assert!(!program.output.all().contains("/toall TEXT"));
    client.lb.expect_end();
}
