//! Crash and return: the server is killed with clients in every state, and starts again at once.

use std::process::Command;

use testkit::{Server, users_file};

const SERVER: &str = env!("CARGO_BIN_EXE_server");

#[test]
fn the_same_port_is_free_at_once() {
    let mut server = Server::start(SERVER, &[]);
    let port = server.address().port().to_string();
    for _ in 0..5 {
        let mut connected = server.dial();
        let mut logged_in = server.dial();
        assert_eq!(
            logged_in.ask("/login michael michael-secret"),
            "101 Authentication successful"
        );
        let (mut jacky, mut bob) = (server.user("jacky"), server.user("bob"));
        jacky.la.say("/to bob hi");
        bob.lb.expect("/from jacky hi");
        server.kill();
        for peer in [
            &mut connected,
            &mut logged_in,
            &mut jacky.la,
            &mut bob.la,
            &mut bob.lb,
        ] {
            peer.expect_end();
        }
        // The clients' ends are still open, and their addresses not forgotten.
        server = Server::start_with(Command::new(SERVER), &port, &[], users_file(0));
        assert_eq!(server.user("jacky").ask("/list"), "301 jacky");
    }
}
