//! What can happen to Ta.

/// Something that one of the waiting threads saw.
#[derive(Debug)]
pub(crate) enum Event {
    /// The line that was asked for was typed, without its end; `None` is the end of the input.
    Typed(Option<Vec<u8>>),
    /// Ctrl-C was pressed where that does not end this program by itself.
    Interrupted,
    /// A line came on La, without its end.
    Reply(Vec<u8>),
    /// A line came on La that cannot be shown, and was skipped; why.
    Skipped(String),
    /// La is closed or broke; how.
    LaLost(String),
    /// Lb is closed or broke; how. Everything that came on it before has been shown.
    LbLost(String),
    /// The screen cannot be written to; why.
    ScreenLost(String),
}
