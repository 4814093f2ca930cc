//! Playing one transcript against one submission.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::{
    outcome::{Failure, Outcome},
    play_client::ClientPlay,
    play_server::ServerPlay,
    program::{InProcess, Running, Submission},
    record::Record,
    script::{Line, Role, Script},
    stage::{Stage, Trouble},
    step::Step,
};

/// After a failure, how long a submission that is about to end may take to say why.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What is examined.
#[derive(Clone)]
pub enum Examinee {
    /// A server, started afresh for each transcript.
    Server(Submission),
    /// A server that runs already.
    ServerAt(SocketAddr),
    /// A client, started afresh for each transcript.
    Client {
        /// Its command line.
        submission: Submission,
        /// On a pseudo-terminal instead of pipes.
        on_terminal: bool,
    },
    /// A client that is a function.
    ClientInProcess(InProcess),
}

impl Examinee {
    /// What it is.
    pub const fn role(&self) -> Role {
        match self {
            Self::Server(_) | Self::ServerAt(_) => Role::Server,
            Self::Client { .. } | Self::ClientInProcess(_) => Role::Client,
        }
    }
}

/// How patient the grader is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For each thing that the submission has to do.
    pub reply: Duration,
    /// For its start, until it listens or dials.
    pub start: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            reply: Duration::from_secs(5),
            start: Duration::from_secs(10),
        }
    }
}

/// Plays one transcript.
pub fn play(script: &Script, examinee: &Examinee, patience: Patience) -> Outcome {
    let start = Instant::now();
    let stage = Stage::new(patience.reply, script.time_limit);
    let record = stage.record.clone();
    let failure = match examinee {
        Examinee::Server(_) | Examinee::ServerAt(_) => begun(
            script,
            &record,
            ServerPlay::begin(stage, examinee, patience.start),
        ),
        Examinee::Client { .. } | Examinee::ClientInProcess(_) => begun(
            script,
            &record,
            ClientPlay::begin(stage, script, examinee, patience.start),
        ),
    };
    Outcome {
        failure,
        events: record.events(),
        took: start.elapsed(),
    }
}

/// What the two plays have in common.
pub(crate) trait Play {
    fn stage(&self) -> &Stage;
    fn step(&mut self, step: &Step) -> Result<(), Trouble>;
    /// After the last step: nothing may be left over.
    fn finish(&mut self) -> Result<(), Trouble>;
    /// The submission, if the grader started it.
    fn running(&mut self) -> Option<&mut Running>;
}

fn begun(script: &Script, record: &Record, play: Result<impl Play, Trouble>) -> Option<Failure> {
    match play {
        Ok(mut play) => run(script, record, &mut play),
        Err(trouble) => script
            .lines
            .first()
            .map(|line| failure(line.number, &line.text, trouble)),
    }
}

fn run(script: &Script, record: &Record, play: &mut impl Play) -> Option<Failure> {
    let trouble = trouble(script, play);
    record.close();
    let (line, text, trouble) = trouble?;
    let mut failure = failure(line, text, trouble);
    if let Some(running) = play.running() {
        let until = Instant::now() + LAST_WORDS;
        if running.wait(until).is_some() {
            running.output().wait(until);
        }
        failure.ended = running.exit().map(ToString::to_string);
        failure.last_words = running.output().last_words();
    }
    Some(failure)
}

/// The first thing that goes wrong, and where.
fn trouble<'a>(script: &'a Script, play: &mut impl Play) -> Option<(usize, &'a str, Trouble)> {
    for Line {
        number,
        text,
        steps,
    } in &script.lines
    {
        for step in steps {
            if let Err(trouble) = play.stage().check_time().and_then(|()| play.step(step)) {
                return Some((*number, text, trouble));
            }
        }
    }
    let last = script.lines.last().map_or(0, |line| line.number);
    let trouble = play.finish().err()?;
    Some((last, "(the end)", trouble))
}

fn failure(line: usize, step: &str, trouble: Trouble) -> Failure {
    Failure {
        line,
        step: step.to_owned(),
        expected: trouble.expected,
        came: trouble.came,
        hint: trouble.hint,
        ended: None,
        last_words: None,
    }
}
