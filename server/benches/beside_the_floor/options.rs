//! What was asked for on the command line.

use std::time::Duration;

/// How long to measure, and what.
pub(crate) struct Options {
    /// The most times that a row is set up.
    pub(crate) setups: usize,
    /// How long people talk in a slice.
    pub(crate) slice: Duration,
    /// Measure only rows with these words in their name.
    pub(crate) row: String,
}

impl Options {
    /// Reads the words behind the program's name.
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let mut options = Self {
            setups: usize::MAX,
            slice: Duration::from_millis(300),
            row: String::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => {}
                "--quick" => (options.setups, options.slice) = (1, Duration::from_millis(100)),
                "--row" => options.row = words.next().ok_or("--row: which?")?.clone(),
                _ => return Err(format!("{word}: only --quick and --row WORDS are known")),
            }
        }
        Ok(options)
    }
}
