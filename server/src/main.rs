//! `server PORT USERS_FILE`: wires arguments, log, accounts and listener, and runs.

mod args;
mod logging;

use std::{
    fmt::Display,
    io::{self, Write},
    net::TcpListener,
    process::ExitCode,
};

use args::{Args, Task};
use log::warn;
use protocol::cli;
use server::{Accounts, HistoryFile, Server};

/// It could not be done: file, port. The message names it.
const CANNOT_RUN: u8 = 1;
/// The command line is wrong. The message says where.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let task = match args::read(std::env::args_os().skip(1)) {
        Ok(task) => task,
        Err(error) => {
            return fail(
                WRONG_USAGE,
                format_args!("{error}\n{}", args::PROGRAM.usage()),
            );
        }
    };
    match task {
        Task::Show(text) => show(&text),
        Task::Check(path) => match Accounts::load(&path) {
            Ok(accounts) => show(&format!("{}: {} users\n", path.display(), accounts.len())),
            Err(error) => fail(CANNOT_RUN, error),
        },
        Task::Serve(args) => serve(&args),
    }
}

/// Returns only if the server cannot start.
fn serve(args: &Args) -> ExitCode {
    if let Err(error) = logging::init() {
        return fail(CANNOT_RUN, format_args!("no thread for the log: {error}"));
    }
    let accounts = match Accounts::load(&args.users) {
        Ok(accounts) => accounts,
        Err(error) => return fail(CANNOT_RUN, error),
    };
    let bound = TcpListener::bind(args.address).and_then(|it| Ok((it.local_addr()?, it)));
    let (address, listener) = match bound {
        Ok(bound) => bound,
        Err(error) => {
            return fail(
                CANNOT_RUN,
                format_args!("cannot listen on {}: {error}", args.address),
            );
        }
    };
    let nobody = accounts.is_empty();
    let history = args
        .history
        .as_deref()
        .map(HistoryFile::open_or_make)
        .transpose();
    let made = history.and_then(|history| Server::new(accounts, args.limits, history));
    let server = match made {
        Ok(server) => server,
        Err(error) => {
            let file = args.history.as_deref().unwrap_or(&args.users).display();
            return fail(
                CANNOT_RUN,
                format_args!("cannot keep history in {file}: {error}"),
            );
        }
    };
    if nobody {
        warn!("{}: no users, so nobody can log in", args.users.display());
    }
    if let Err(error) = cli::print(&format!("Listening on {address}\n")) {
        warn!("cannot write to standard output: {error}");
    }
    server.run(&listener)
}

/// Writes what was asked for.
fn show(text: &str) -> ExitCode {
    match cli::print(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(
            CANNOT_RUN,
            format_args!("cannot write to standard output: {error}"),
        ),
    }
}

fn fail(status: u8, why: impl Display) -> ExitCode {
    // Nobody may be reading it; the exit status remains.
    let _ = writeln!(io::stderr(), "server: {why}");
    ExitCode::from(status)
}
