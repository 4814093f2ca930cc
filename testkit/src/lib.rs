//! What the tests of `server` and `client` share: raw peers that compare bytes, and programs on pipes
//! or on a pseudo-terminal.
//!
//! Everything waits for a line, a byte or an end, never for a time, and for at most [`PATIENCE`];
//! whatever does not come fails the test with a panic that says what came instead.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // this is test code

mod document;
mod fake_server;
mod files;
mod peer;
mod process;
mod program;
mod server;
mod transcript;
mod user;

use std::time::Duration;

pub use document::check_document;
pub use fake_server::{Client, FakeServer};
pub use files::{TempFile, users_file};
pub use peer::{Lb, Peer};
pub use process::{cpu_time, descriptors, resident_kib, threads, wait_until};
pub use program::{Program, run, run_on_a_full_disk};
pub use server::{Server, password};
pub use transcript::Transcript;
pub use user::{Answering, User};

/// The longest that any wait takes before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);
