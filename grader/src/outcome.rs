//! How a play went.

use std::time::Duration;

use crate::record::Event;

/// One transcript, played.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it is not passed, if it is not.
    pub failure: Option<Failure>,
    /// The conversation as it went.
    pub events: Vec<Event>,
    /// How long it took, start and end of the submission included.
    pub took: Duration,
}

/// Why a transcript is not passed, in a student's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line of the transcript.
    pub line: usize,
    /// What stands there.
    pub step: String,
    /// What should have happened.
    pub expected: String,
    /// What happened.
    pub came: String,
    /// What may be the reason.
    pub hint: Option<String>,
    /// If the submission has ended: how.
    pub ended: Option<String>,
    /// What the submission wrote last.
    pub last_words: Option<String>,
}

impl Outcome {
    /// Whether the submission passed.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}
