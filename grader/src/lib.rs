//! Marks servers and clients of the handout with scripted conversations.
//!
//! A [`Script`] is read from a transcript (`docs/transcripts`, notation in `docs/grading.md`) and
//! [`play`]ed against an [`Examinee`]: for a server the grader plays all clients, for a client it
//! plays the server and the user. Each connection has a thread that reads it, so that whatever comes
//! is seen when it comes; every wait has an end; whatever the submission started is gone afterwards.

mod accounts;
mod builtin;
mod leftovers;
mod outcome;
mod output;
mod pattern;
mod play;
mod play_client;
mod play_server;
mod program;
mod record;
mod report;
mod results;
mod run;
mod script;
mod show;
mod stage;
mod step;
mod template;
mod wire;

pub use accounts::{ACCOUNTS, users_file};
pub use builtin::builtin;
pub use outcome::{Failure, Outcome};
pub use play::{Examinee, Patience, play};
pub use program::{InProcess, Submission, end_everything};
pub use record::Event;
pub use report::{listing, summary, verdict};
pub use results::{VISIBILITIES, results};
pub use run::play_all;
pub use script::{Mark, Role, Script, ScriptError, one_of};
