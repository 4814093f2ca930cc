//! What a person reads.

use crate::{
    outcome::{Failure, Outcome},
    script::{Mark, Script},
};

/// The line of a transcript that was played, and for one that is not passed the conversation.
pub fn verdict(script: &Script, outcome: &Outcome) -> String {
    let (word, points) = match outcome.passed() {
        true => ("pass", script.points),
        false => ("FAIL", 0),
    };
    let mut text = format!(
        "{word} {points:2}/{:<2} {}: {}\n",
        script.points, script.name, script.title
    );
    if let Some(failure) = &outcome.failure {
        for line in explanation(script, outcome, failure).lines() {
            text += &format!("    {line}\n");
        }
    }
    text
}

/// Why a transcript is not passed.
pub(crate) fn explanation(script: &Script, outcome: &Outcome, failure: &Failure) -> String {
    let mut text = String::from("The conversation, with times in ms:\n");
    for event in &outcome.events {
        text += &format!("{:8}  {}\n", event.at.as_millis(), event.what);
    }
    text += &format!(
        "Where:    {}:{}: {}\n",
        script.source, failure.line, failure.step
    );
    text += &entry("Expected", &failure.expected);
    text += &entry("Came", &failure.came);
    if let Some(hint) = &failure.hint {
        text += &entry("Hint", hint);
    }
    if let Some(ended) = &failure.ended {
        text += &entry("Ended", &format!("the {} {ended}", script.role.word()));
    }
    if let Some(words) = &failure.last_words {
        text += &entry(
            "Output",
            &format!("the last lines of the {}:\n{words}", script.role.word()),
        );
    }
    let source = match script.mark {
        Mark::Extended => "Protocol",
        _ => "Handout",
    };
    text += &entry(source, &script.heading);
    text
}

fn entry(key: &str, value: &str) -> String {
    let mut lines = value.lines();
    let mut text = format!("{:10}{}\n", format!("{key}:"), lines.next().unwrap_or(""));
    for line in lines {
        text += &format!("{:10}{line}\n", "");
    }
    text
}

/// The last lines: points, then how many passed and failed.
pub fn summary(played: &[(Script, Outcome)]) -> String {
    let points = |passed: bool| -> u32 {
        played
            .iter()
            .filter(|(_, outcome)| !passed || outcome.passed())
            .map(|(script, _)| script.points)
            .sum()
    };
    let passed = played
        .iter()
        .filter(|(_, outcome)| outcome.passed())
        .count();
    format!(
        "\n{} of {} points\n{passed} passed, {} failed\n",
        points(true),
        points(false),
        played.len() - passed
    )
}

/// Transcripts, a line each.
pub fn listing(scripts: &[Script]) -> String {
    let mut text = String::new();
    for script in scripts {
        text += &format!(
            "{} {:2} {:8} {:28} {} ({})\n",
            script.role.word(),
            script.points,
            script.mark.word(),
            script.name,
            script.title,
            script.heading
        );
    }
    let points: u32 = scripts.iter().map(|script| script.points).sum();
    text + &format!("{} transcripts, {points} points\n", scripts.len())
}
