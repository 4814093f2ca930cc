//! `cargo run --release --example soak -- SECONDS`: random users come, talk, and break in every way,
//! for as long as you like; at the end every count must agree.
//!
//! - Each message has exactly one reply, `303` or `304`, unless its sender hung up before it.
//! - Each `/to` with a `303` was received exactly once, and acknowledged by that receiver.
//! - No message was received twice by the same login.
//! - The server's threads and descriptors are back where they were at the start.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic)] // a tool for people, like a test

mod book;
mod receiver;
mod visit;

use std::{
    env,
    net::TcpListener,
    process::Command,
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use server::{Accounts, Limits};
use testkit::{Server, descriptors, resident_kib, users_file, wait_until};

use book::Book;

/// Names that come and go, each on a thread of its own.
const USERS: usize = 32;

/// The word that makes this program be the server: a process of its own, to be looked at from outside.
const SERVE: &str = "--serve";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [word, _port, users, ..] if word == SERVE => serve(users),
        [] => soak(Duration::from_secs(10)),
        [seconds] if seconds.parse::<u64>().is_ok() => {
            soak(Duration::from_secs(seconds.parse().unwrap_or_default()))
        }
        _ => {
            println!("Usage: soak [SECONDS]");
            ExitCode::from(2)
        }
    }
}

fn serve(users: &str) -> ! {
    let accounts = Accounts::load(users.as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("Listening on {}", listener.local_addr().unwrap());
    let ack_timeout = Duration::from_millis(400);
    let limits = Limits {
        ack_timeout,
        ..Limits::default()
    };
    server::Server::new(accounts, limits, None)
        .unwrap()
        .run(&listener)
}

fn soak(time: Duration) -> ExitCode {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(SERVE);
    let server = Server::start_with(command, "0", &[], users_file(USERS));
    drop(server.user("jacky"));
    wait_until("the server is at rest", || server.sessions() == 0);
    let (files, memory) = (descriptors(server.id()), resident_kib(server.id()));

    let book = Arc::new(Book::default());
    let end = Instant::now() + time;
    let address = server.address();
    let users: Vec<_> = (0..USERS)
        .map(|number| {
            let book = Arc::clone(&book);
            thread::spawn(move || {
                while Instant::now() < end {
                    visit::visit(address, number, &book);
                }
            })
        })
        .collect();
    let finished = users.into_iter().all(|user| user.join().is_ok());

    wait_until("no thread is left", || server.sessions() == 0);
    wait_until("no descriptor is left", || {
        descriptors(server.id()) == files
    });
    println!("{}", book.summary());
    println!(
        "no thread left, descriptors {files}, as at the start; resident {memory} KiB, now {} KiB",
        resident_kib(server.id())
    );
    let mut wrong = book.wrong();
    if !finished {
        wrong.push("a user met something that no server should do".into());
    }
    for what in &wrong {
        println!("WRONG: {what}");
    }
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
