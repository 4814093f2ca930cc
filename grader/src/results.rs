//! Gradescope's `results.json`.

use serde_json::{Value, json};

use crate::{outcome::Outcome, report::explanation, script::Script};

/// Who may see a result, and when: Gradescope's words.
pub const VISIBILITIES: &[&str] = &["visible", "hidden", "after_due_date", "after_published"];

/// All results, in the form that a Gradescope autograder leaves behind.
pub fn results(played: &[(Script, Outcome)], visibility: &str) -> String {
    let tests: Vec<Value> = played
        .iter()
        .map(|(script, outcome)| test(script, outcome, visibility))
        .collect();
    let time: f64 = played
        .iter()
        .map(|(_, outcome)| outcome.took.as_secs_f64())
        .sum();
    let results = json!({
        "tests": tests,
        // In whole seconds, as it is shown.
        "execution_time": time.ceil(),
        "visibility": visibility,
        "stdout_visibility": "hidden",
    });
    format!("{results:#}\n")
}

fn test(script: &Script, outcome: &Outcome, visibility: &str) -> Value {
    let output = match &outcome.failure {
        None => format!("Passed in {} ms.", outcome.took.as_millis()),
        Some(failure) => explanation(script, outcome, failure),
    };
    json!({
        "name": format!("{}: {}", script.name, script.title),
        "score": if outcome.passed() { script.points } else { 0 },
        "max_score": script.points,
        "status": if outcome.passed() { "passed" } else { "failed" },
        "output": output,
        "output_format": "text",
        "visibility": visibility,
        "tags": [script.role.word(), script.mark.word()],
    })
}
