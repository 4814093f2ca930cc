//! `client IP PORT`: wires arguments, La, keyboard and screen, and runs thread Ta to its end.
//!
//! The main thread is Ta: it prompts, sends and shows, and everything that happens reaches it as an
//! [`Event`](event::Event) from a thread that waits for just one thing: the keyboard, La's replies,
//! or Tb's Lb. So it notices whatever comes first, also while somebody is typing.

mod args;
mod commands;
mod draft;
#[cfg(feature = "line-editor")]
mod editor;
mod event;
mod extended;
mod inbox;
mod key;
mod keyboard;
mod la;
mod login;
mod paint;
mod ta;
mod terminal;
mod tty;
mod width;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, mpsc},
};

use args::{Args, Task};
use protocol::cli;
use ta::{End, Ta};
use terminal::{Terminal, cannot_write};

/// The server is gone, or could not do what a client needs.
const FAILED: u8 = 1;
/// The command line is wrong. The message says where.
const WRONG_USAGE: u8 = 2;
/// Ctrl-C, as a shell has it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// Events that may wait for Ta. A server that floods La is slowed down, not stored.
const EVENTS: usize = 16;

fn main() -> ExitCode {
    match args::read(std::env::args_os().skip(1)) {
        Ok(Task::Show(text)) => match cli::print(&text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = writeln!(io::stderr(), "client: {}", cannot_write(&error));
                ExitCode::from(FAILED)
            }
        },
        Ok(Task::Talk(args)) => talk(&args),
        Err(error) => {
            let _ = writeln!(io::stderr(), "client: {error}\n{}", args::PROGRAM.usage());
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn talk(args: &Args) -> ExitCode {
    let terminal = Arc::new(Terminal::new());
    let end = converse(args, &terminal);
    terminal.close();
    match end {
        Ok(()) | Err(End::Left) => ExitCode::SUCCESS,
        Err(End::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(End::Silent(patience)) => failed(
            &terminal,
            &format!("no answer from the server for {patience:?}"),
        ),
        Err(End::Failed(why)) => failed(&terminal, &why),
    }
}

fn failed(terminal: &Terminal, why: &str) -> ExitCode {
    terminal.complain(why);
    ExitCode::from(FAILED)
}

/// The client's life, in the order of the handout's section II.
fn converse(args: &Args, terminal: &Arc<Terminal>) -> Result<(), End> {
    let (happens, events) = mpsc::sync_channel(EVENTS);
    let la = la::connect(&args.host, args.port, args.reply_timeout)?;
    la::watch(&la, happens.clone())?;
    let keyboard = keyboard::watch(Arc::clone(terminal), happens.clone())?;
    let mut ta = Ta::new(&la, terminal, keyboard, events, args.reply_timeout);
    login::log_in(&mut ta)?;
    inbox::open(&mut ta, &la, terminal, happens)?;
    if args.extended {
        extended::ask(&mut ta, terminal)?;
    }
    commands::run(&mut ta)
}
