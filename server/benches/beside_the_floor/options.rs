//! What was asked for on the command line.

use std::time::Duration;

/// How long to measure, and what.
pub(crate) struct Options {
    /// Rounds for each row; in each, both programs are measured.
    pub(crate) rounds: usize,
    /// How long people talk in a round.
    pub(crate) talk: Duration,
    /// Measure only rows with these words in their name.
    pub(crate) row: String,
}

impl Options {
    /// Reads the words behind the program's name.
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let mut options = Self {
            rounds: 7,
            talk: Duration::from_secs(1),
            row: String::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => {}
                "--quick" => (options.rounds, options.talk) = (1, Duration::from_millis(600)),
                "--row" => options.row = words.next().ok_or("--row: which?")?.clone(),
                _ => return Err(format!("{word}: only --quick and --row WORDS are known")),
            }
        }
        Ok(options)
    }
}
