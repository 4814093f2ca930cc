//! Every transcript lets a correct program pass, and fails one that has the fault it is there for.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // this is test code

mod fakes;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use fakes::{
    client::{self, Fault as ClientFault},
    extended::Fault as ExtendedFault,
    server::{FakeServer, Fault as ServerFault},
};
use grader::{Examinee, Outcome, Patience, Role, Script, builtin, play, verdict};

const SERVER_FAULTS: &[(&str, ServerFault)] = {
    use ExtendedFault::*;
    use ServerFault::*;
    &[
        ("appendix", NoBroadcast),
        ("appendix", WrongPhrase(303)),
        ("login-successful", WrongPhrase(101)),
        ("login-wrong-password", WrongPhrase(102)),
        ("login-wrong-password", AnyPassword),
        ("login-unknown-user", AnyUser),
        ("login-others-password", AnyPassword),
        ("login-repeated", HangsUpAfter102),
        ("port-201", WrongPhrase(201)),
        ("port-201", NeverDials),
        ("port-202", WrongPhrase(202)),
        ("port-202", NeverDials),
        ("port-other-address", DialsItself),
        ("several-clients", OneAtATime),
        ("list-alone", ListWithoutSelf),
        ("list-three", ListOnlySelf),
        ("list-failed-login", FailedLoginListed),
        ("list-after-exit", StaysListed),
        ("to-delivered", WrongPhrase(303)),
        ("to-delivered", NoSenderName),
        ("to-both-ways", NoSenderName),
        ("to-waits-for-receipt", EarlySuccess),
        ("to-only-to-its-target", ToGoesToAll),
        ("to-not-online", WrongPhrase(304)),
        ("to-not-online", OfflineIsSuccess),
        ("to-no-such-user", OfflineIs401),
        ("to-after-exit", NameNotFreed),
        ("to-whole-text", FirstWordOnly),
        ("toall-delivered", NoBroadcast),
        ("toall-delivered", WrongPhrase(303)),
        ("toall-not-to-the-sender", BroadcastToSender),
        ("toall-waits-for-all", EarlySuccess),
        ("toall-waits-for-all", OneReceiptIsEnough),
        ("exit-bye", WrongPhrase(310)),
        ("exit-bye", NoBye),
        ("exit-closes", OpenAfterBye),
        ("exit-and-return", NameNotFreed),
        ("unknown-command", WrongPhrase(401)),
        ("unknown-command", IgnoresUnknown),
        ("incomplete-commands", NoTextIsFine),
        ("glued-commands", KeywordIsPrefix),
        ("two-senders-one-receiver", NoTurns),
        ("crossing-messages", Deadlock),
        ("four-senders-one-receiver", BusyIsFailure),
        ("slow-receiver-holds-nobody-up", OneTurnForAll),
        ("receipt-with-another-code", AnyReceipt),
        ("command-in-pieces", PieceIsLine),
        ("login-byte-by-byte", PieceIsLine),
        ("two-commands-at-once", PieceIsLine),
        ("receipt-in-pieces", PieceIsLine),
        ("not-text", DiesOfBytes),
        ("long-line", DiesOfLongLine),
        ("closed-before-login", DiesOfHangup),
        ("reset-in-the-middle-of-login", DiesOfHangup),
        ("closed-before-port", ForgetsNobody),
        ("crash-online", ForgetsNobody),
        ("reset-online", ForgetsNobody),
        ("lb-closed-before-message", EndIsReceipt),
        ("lb-closed-instead-of-receipt", EndIsReceipt),
        ("crash-instead-of-receipt", EarlySuccess),
        ("crash-during-broadcast", BroadcastStopsAtFailure),
        ("sender-crashes-waiting", DiesOfBrokenSender),
        ("many-strangers", FewPlaces),
        ("list-order", ListSorted),
        ("login-twice", SecondLogin),
        ("login-wrong-form", MalformedIs102),
        ("before-login", NoLoginNeeded),
        ("before-port", ListedAfter201),
        ("port-wrong-form", AnyPort),
        ("port-again", OnePort),
        ("to-oneself", NotToOneself),
        ("toall-alone", AloneIs304),
        ("toall-at-once", OneByOne),
        ("text-kept", TrimsText),
        ("keywords-exact", AnyCase),
        ("carriage-return", KeepsCarriageReturn),
        ("not-text-401", LossyText),
        ("long-line-401", LongLineEnds),
        ("receipt-by-code", ReceiptWordForWord),
        ("receipt-never", WaitsForEver),
        ("receipt-late", KeepsSilentLink),
        ("receipt-ahead", AheadCounts),
        ("receipt-twice", TwiceCounts),
        ("silent-in-a-broadcast", KeepsSilentLink),
        ("half-closed", ForgetsNobody),
        ("name-free-at-once", FreedLater),
        ("extended-asking", Extended(BeforePort)),
        ("extended-join", Extended(JoinsTwice)),
        ("extended-channels", Extended(EmptyChannelsStay)),
        ("extended-members", Extended(MembersSorted)),
        ("extended-say", Extended(SaysToEverybody)),
        ("extended-group", Extended(CountsTwice)),
        ("extended-ungroup", Extended(GroupStays)),
        ("extended-groups", Extended(GroupsOutliveSession)),
        ("extended-togroup", Extended(GroupIsPrivate)),
        ("extended-togroup-plain", Extended(GroupToPlain)),
        ("extended-history-user", Extended(NewestFirst)),
        ("extended-history-channel", Extended(HistoryBeforeJoining)),
        ("extended-history-broadcasts", Extended(LocalTime)),
        ("extended-notices", Extended(NoticesStayOn)),
        ("extended-who", Extended(EverybodyIsExtended)),
        ("extended-help", Extended(HelpLeavesOut)),
        ("extended-usage", Extended(UsageIs401)),
        ("extended-case", Extended(ExactKeywords)),
        ("extended-plain", Extended(CommandsForPlain)),
        ("extended-plain", Extended(NoticesForPlain)),
    ]
};

const CLIENT_FAULTS: &[(&str, ClientFault)] = {
    use ClientFault::*;
    &[
        ("client-appendix", NoReceipt),
        ("client-appendix", HidesReplies),
        ("client-prompts", WrongPrompt),
        ("client-login", TwoMessages),
        ("client-login-repeated", QuitsOn102),
        ("client-port", NoListener),
        ("client-202", StaysOn202),
        ("client-list", HidesReplies),
        ("client-to", FirstWordOnly),
        ("client-304", QuitsOnFailure),
        ("client-toall", Lowercases),
        ("client-401", QuitsOnFailure),
        ("client-from", NoReceipt),
        ("client-broadcastfrom", IgnoresBroadcasts),
        ("client-several-messages", FirstReceiptOnly),
        ("client-receives-while-waiting", OneThread),
        ("client-text-of-a-message", TakesTextForCommand),
        ("client-exit", StaysAfter310),
        ("client-waits-for-310", QuitsBefore310),
        ("client-no-server", RetriesForEver),
        ("client-server-gone-before-login", IgnoresLoss),
        ("client-server-gone-after-login", IgnoresLoss),
        ("client-server-gone-after-port", IgnoresLoss),
        ("client-server-crashes", IgnoresLoss),
        ("client-server-resets", IgnoresLoss),
        ("client-server-gone-instead-of-reply", IgnoresLoss),
        ("client-reply-in-pieces", PieceIsLine),
        ("client-message-in-pieces", PieceIsLine),
        ("client-two-messages-at-once", PieceIsLine),
        ("client-echo", NoEcho),
        ("client-sender-shown", NoSender),
        ("client-code-alone", JudgesByWords),
        ("client-unknown-delivery", AcksAnything),
        ("client-harmless-screen", RawScreen),
        ("client-end-of-input", JustEnds),
        ("client-statuses", StatusZero),
        ("client-notices-loss", NoticesLate),
        ("client-stranger-on-lb", TakesAnybody),
        ("client-sends-what-is-typed", TrimsInput),
    ]
};

/// Plays at once. They mostly wait.
const WORKERS: usize = 32;

/// For a program that is known to be wrong, and may well say nothing.
const IMPATIENT: Patience = Patience {
    reply: Duration::from_millis(1500),
    start: Duration::from_secs(3),
};

fn scripts(role: Role) -> Vec<Script> {
    let mut scripts = builtin().unwrap();
    scripts.retain(|script| script.role == role);
    scripts
}

/// Plays all of these, and fails with what there is to complain of.
fn in_parallel<T: Sync>(all: &[T], play: impl Fn(&T) -> Option<String> + Sync) {
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let complaint = play(one);
                    complaints.lock().unwrap().extend(complaint);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn play_fake_server(script: &Script, fault: ServerFault, patience: Patience) -> Outcome {
    let server = FakeServer::start(fault);
    play(script, &Examinee::ServerAt(server.address), patience)
}

fn play_fake_client(script: &Script, fault: ClientFault, patience: Patience) -> Outcome {
    let run = move |server, keyboard, screen| client::run(fault, server, keyboard, screen);
    play(script, &Examinee::ClientInProcess(Arc::new(run)), patience)
}

fn find<'a>(scripts: &'a [Script], name: &str) -> &'a Script {
    let found = scripts.iter().find(|script| script.name == name);
    found.unwrap_or_else(|| panic!("no transcript {name}"))
}

#[test]
fn a_correct_server_passes_every_transcript() {
    in_parallel(&scripts(Role::Server), |script| {
        let outcome = play_fake_server(script, ServerFault::None, Patience::default());
        (!outcome.passed()).then(|| verdict(script, &outcome))
    });
}

#[test]
fn a_correct_client_passes_every_transcript() {
    in_parallel(&scripts(Role::Client), |script| {
        let outcome = play_fake_client(script, ClientFault::None, Patience::default());
        (!outcome.passed()).then(|| verdict(script, &outcome))
    });
}

#[test]
fn no_fault_of_a_server_passes_the_transcript_it_breaks() {
    let scripts = scripts(Role::Server);
    in_parallel(SERVER_FAULTS, |(name, fault)| {
        let outcome = play_fake_server(find(&scripts, name), *fault, IMPATIENT);
        outcome
            .passed()
            .then(|| format!("{name} passes a server with the fault {fault:?}"))
    });
}

#[test]
fn no_fault_of_a_client_passes_the_transcript_it_breaks() {
    let scripts = scripts(Role::Client);
    in_parallel(CLIENT_FAULTS, |(name, fault)| {
        let outcome = play_fake_client(find(&scripts, name), *fault, IMPATIENT);
        outcome
            .passed()
            .then(|| format!("{name} passes a client with the fault {fault:?}"))
    });
}

#[test]
fn every_transcript_has_a_fault_it_is_there_for() {
    let faulty = SERVER_FAULTS
        .iter()
        .map(|(name, _)| *name)
        .chain(CLIENT_FAULTS.iter().map(|(name, _)| *name));
    let faulty: BTreeSet<String> = faulty.map(str::to_owned).collect();
    let all: BTreeSet<String> = builtin()
        .unwrap()
        .into_iter()
        .map(|script| script.name)
        .collect();
    assert_eq!(faulty, all);
    assert!(scripts(Role::Server).len() >= 40 && scripts(Role::Client).len() >= 20);
}
