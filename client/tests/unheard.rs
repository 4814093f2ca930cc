//! A screen that nobody looks at any more ends the client with 1.
//!
//! One test in a process of its own: a program that another test starts holds, for an instant, a copy
//! of each pipe, and what is closed meanwhile is still open for the client.

use testkit::{FakeServer, Program};

const CLIENT: &str = env!("CARGO_BIN_EXE_client");
const NAME: &str = "Please input your user name:";
const LOGIN: &str = "/login jacky 12345";

/// Nobody reads the client's standard output any more after `last`; then something happens that has
/// to be shown. The connections that `then` returns stay open until the client has ended.
#[track_caller]
fn unheard<T>(last: &'static str, then: impl FnOnce(&FakeServer, &mut Program) -> T) {
    let server = FakeServer::listen();
    let (ip, port) = (
        server.address().ip().to_string(),
        server.address().port().to_string(),
    );
    let mut program = Program::start_unheard(CLIENT, &[&ip, &port], last);
    let _open = then(&server, &mut program);
    assert_eq!(program.status(), 1, "after {last:?}");
    let errors = program.errors.rest();
    assert!(errors.contains("standard output"), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn a_screen_that_is_gone_ends_it_with_1() {
    unheard("", |_, program| {
        program.output.expect_end();
        // The prompt may have come before.
        program.close_input();
    });
    unheard(NAME, |_, program| {
        program.output.rest();
        program.type_line("jacky");
    });
    unheard(NAME, |server, program| {
        program.output.rest();
        let mut la = server.accept();
        la.say("999 out of turn");
        la
    });
    unheard("201 Build connection successful\n", |server, program| {
        program.type_bytes("jacky\n12345\n");
        let mut client = server.welcome(LOGIN);
        program.output.rest();
        client.lb.say("/from bob hi");
        // Shown first, acknowledged after: what could not be shown is not acknowledged.
        client.lb.expect_end();
        client
    });
    unheard("/list\n", |server, program| {
        program.type_bytes("jacky\n12345\n/list\n");
        let mut client = server.welcome(LOGIN);
        program.output.rest();
        client.la.expect("/list");
        client.la.say("301 jacky");
        client
    });
}
