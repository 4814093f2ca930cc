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

// In the order in which they are played: along the handout, then what it leaves open, then extended
// mode.
builtin! {
    "appendix"
    "login-successful"
    "login-wrong-password"
    "login-unknown-user"
    "login-others-password"
    "login-repeated"
    "port-201"
    "port-202"
    "port-other-address"
    "several-clients"
    "list-alone"
    "list-three"
    "list-failed-login"
    "list-after-exit"
    "to-delivered"
    "to-both-ways"
    "to-waits-for-receipt"
    "to-only-to-its-target"
    "to-not-online"
    "to-no-such-user"
    "to-after-exit"
    "to-whole-text"
    "toall-delivered"
    "toall-not-to-the-sender"
    "toall-waits-for-all"
    "exit-bye"
    "exit-closes"
    "exit-and-return"
    "unknown-command"
    "incomplete-commands"
    "glued-commands"
    "two-senders-one-receiver"
    "crossing-messages"
    "four-senders-one-receiver"
    "slow-receiver-holds-nobody-up"
    "receipt-with-another-code"
    "command-in-pieces"
    "login-byte-by-byte"
    "two-commands-at-once"
    "receipt-in-pieces"
    "not-text"
    "long-line"
    "closed-before-login"
    "reset-in-the-middle-of-login"
    "closed-before-port"
    "crash-online"
    "reset-online"
    "lb-closed-before-message"
    "lb-closed-instead-of-receipt"
    "crash-instead-of-receipt"
    "crash-during-broadcast"
    "sender-crashes-waiting"
    "many-strangers"
    "list-order"
    "login-twice"
    "login-wrong-form"
    "before-login"
    "before-port"
    "port-wrong-form"
    "port-again"
    "to-oneself"
    "toall-alone"
    "toall-at-once"
    "text-kept"
    "keywords-exact"
    "carriage-return"
    "not-text-401"
    "long-line-401"
    "receipt-by-code"
    "receipt-never"
    "receipt-late"
    "receipt-ahead"
    "receipt-twice"
    "silent-in-a-broadcast"
    "half-closed"
    "name-free-at-once"
    "extended-asking"
    "extended-join"
    "extended-channels"
    "extended-members"
    "extended-say"
    "extended-group"
    "extended-ungroup"
    "extended-groups"
    "extended-togroup"
    "extended-togroup-plain"
    "extended-history-user"
    "extended-history-channel"
    "extended-history-broadcasts"
    "extended-notices"
    "extended-who"
    "extended-help"
    "extended-usage"
    "extended-case"
    "extended-plain"
    "client-appendix"
    "client-prompts"
    "client-login"
    "client-login-repeated"
    "client-port"
    "client-202"
    "client-list"
    "client-to"
    "client-304"
    "client-toall"
    "client-401"
    "client-from"
    "client-broadcastfrom"
    "client-several-messages"
    "client-receives-while-waiting"
    "client-text-of-a-message"
    "client-exit"
    "client-waits-for-310"
    "client-no-server"
    "client-server-gone-before-login"
    "client-server-gone-after-login"
    "client-server-gone-after-port"
    "client-server-crashes"
    "client-server-resets"
    "client-server-gone-instead-of-reply"
    "client-reply-in-pieces"
    "client-message-in-pieces"
    "client-two-messages-at-once"
    "client-echo"
    "client-sender-shown"
    "client-code-alone"
    "client-unknown-delivery"
    "client-harmless-screen"
    "client-end-of-input"
    "client-statuses"
    "client-notices-loss"
    "client-stranger-on-lb"
    "client-sends-what-is-typed"
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_is_built_in_and_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/transcripts");
        let files = fs::read_dir(folder).unwrap();
        let files: BTreeSet<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let built_in: BTreeSet<String> = builtin()
            .unwrap()
            .into_iter()
            .map(|script| script.source)
            .collect();
        assert_eq!(files, built_in);
        assert_eq!(built_in.len(), TEXTS.len(), "a name twice");
    }
}
