//! The transcripts that come with the program.

use crate::script::{Script, ScriptError};

macro_rules! builtin {
    ($( $name:literal )+) => {
        /// Name and text of each.
        const TEXTS: &[(&str, &str)] = &[
            $( ($name, include_str!(concat!("../../docs/transcripts/", $name, ".chat"))), )+
        ];
    };
}

// In the order in which they are played: along the handout, then what it leaves open.
builtin! {
    "to-delivered"
    "client-from"
}

/// All of them, in the order of `docs/transcripts`.
///
/// # Errors
/// [`ScriptError`], if one cannot be read; a test sees to it that all can.
pub fn builtin() -> Result<Vec<Script>, ScriptError> {
    TEXTS
        .iter()
        .map(|(name, text)| Script::parse(name, &format!("{name}.chat"), text))
        .collect()
}
