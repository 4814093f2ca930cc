//! What is measured, and in which order.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use testkit::{TempFile, users_file};

use crate::{
    client::{Client, TEXT},
    crowd::{Crowd, Manners},
    options::Options,
    pairs::Pairs,
    statistics::percentile,
    subject::{Side, Subject},
    table::{Bar, Figure, Table},
};

/// As many accounts as any row needs.
const USERS: usize = 12_000;

/// The users who are online and receive have numbers from here on.
const CROWD: usize = 100;

/// Who talks while others broadcast.
const BYSTANDERS: usize = 4;

const MESSAGES: &[Figure] = &[
    Figure("acknowledged messages/s", Bar::RatioAtLeast(0.95)),
    Figure("p50, µs", Bar::Stated),
    Figure("p99, µs", Bar::Stated),
    Figure("CPU, µs a message", Bar::RatioAtMost(1.15)),
];

const DELIVERIES: &[Figure] = &[
    Figure("acknowledged deliveries/s", Bar::RatioAtLeast(0.95)),
    Figure("p50 of a /toall, µs", Bar::Stated),
    Figure("p99 of a /toall, µs", Bar::Stated),
    Figure("CPU, µs a delivery", Bar::RatioAtMost(1.15)),
];

const LOGINS: &[Figure] = &[
    Figure("logins/s", Bar::RatioAtLeast(0.8)),
    Figure("CPU, µs a login", Bar::Stated),
    Figure("resident, KiB a user", Bar::AtMost(10.5)),
    Figure("resident before anybody came, KiB", Bar::Stated),
];

const ONLINE: &[Figure] = &[Figure("users online", Bar::AtLeast(9_500.0))];

const BESIDE: &[Figure] = &[
    Figure("p50, µs", Bar::Stated),
    Figure("p99, µs", Bar::Stated),
];

/// A row of the table: how many rounds of the full number it needs, what it measures, and how.
struct Row {
    name: &'static str,
    rounds: usize,
    figures: &'static [Figure],
    measure: fn(&Scene, Side) -> Vec<f64>,
}

const ROWS: &[Row] = &[
    Row {
        name: "/to, 1 pair",
        rounds: 7,
        figures: MESSAGES,
        measure: |scene, side| scene.talk(side, 1),
    },
    Row {
        name: "/to, 4 pairs",
        rounds: 7,
        figures: MESSAGES,
        measure: |scene, side| scene.talk(side, 4),
    },
    Row {
        name: "/to, 16 pairs",
        rounds: 7,
        figures: MESSAGES,
        measure: |scene, side| scene.talk(side, 16),
    },
    Row {
        name: "/toall, 100 receivers",
        rounds: 7,
        figures: DELIVERIES,
        measure: |scene, side| scene.broadcast(side, 100),
    },
    Row {
        name: "/toall, 1,000 receivers",
        rounds: 7,
        figures: DELIVERIES,
        measure: |scene, side| scene.broadcast(side, 1_000),
    },
    Row {
        name: "3,000 users",
        rounds: 5,
        figures: LOGINS,
        measure: |scene, side| scene.log_in(side, 3_000),
    },
    Row {
        name: "20,000 descriptors",
        rounds: 1,
        figures: ONLINE,
        measure: |scene, side| scene.fill(side),
    },
    Row {
        name: "/to beside /toall to 1,000",
        rounds: 3,
        figures: BESIDE,
        measure: |scene, side| scene.beside_broadcast(side, 1_000),
    },
    Row {
        name: "/to beside 5 silent",
        rounds: 3,
        figures: BESIDE,
        measure: |scene, side| scene.beside_silence(side, 100, 5),
    },
];

/// Measures what was asked for, and prints the table as it comes.
pub(crate) fn measure(options: &Options) {
    let scene = Scene {
        users: users_file(USERS),
        time: options.talk,
    };
    let table = Table::begin();
    for row in ROWS.iter().filter(|row| row.name.contains(&options.row)) {
        let rounds = (0..row.rounds.min(options.rounds)).map(|round| {
            // Whoever comes second finds the machine warmer: the two take turns in that as well.
            if round % 2 == 0 {
                let server = (row.measure)(&scene, Side::Server);
                (server, (row.measure)(&scene, Side::Floor))
            } else {
                let floor = (row.measure)(&scene, Side::Floor);
                ((row.measure)(&scene, Side::Server), floor)
            }
        });
        table.row(row.name, row.figures, &rounds.collect::<Vec<_>>());
    }
    table.end();
}

/// What all rows need. Each measurement starts its own process and its own clients.
struct Scene {
    users: TempFile,
    time: Duration,
}

impl Scene {
    /// So many pairs talk at once.
    fn talk(&self, side: Side, count: usize) -> Vec<f64> {
        let subject = Subject::start(side, &self.users, count);
        let pairs = Pairs::log_in(subject.address(), count);
        pairs.warm_up();
        let (start, cpu) = (Instant::now(), subject.cpu());
        let mut latencies = pairs.talk(self.time);
        let (time, cpu) = (start.elapsed(), subject.cpu() - cpu);
        let messages = latencies.len() as f64;
        vec![
            messages / time.as_secs_f64(),
            percentile(&mut latencies, 0.5),
            percentile(&mut latencies, 0.99),
            cpu.as_secs_f64() * 1e6 / messages,
        ]
    }

    /// One talks to so many others.
    fn broadcast(&self, side: Side, receivers: usize) -> Vec<f64> {
        let subject = Subject::start(side, &self.users, 0);
        let users = CROWD..CROWD + receivers;
        let _crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
        let sender = Client::new(subject.address(), 0);
        sender.talk(&to_all(), for_about(self.time / 10));
        let (start, cpu) = (Instant::now(), subject.cpu());
        let mut latencies = sender.talk(&to_all(), for_about(self.time));
        let (time, cpu) = (start.elapsed(), subject.cpu() - cpu);
        let deliveries = (latencies.len() * receivers) as f64;
        vec![
            deliveries / time.as_secs_f64(),
            percentile(&mut latencies, 0.5),
            percentile(&mut latencies, 0.99),
            cpu.as_secs_f64() * 1e6 / deliveries,
        ]
    }

    /// So many come, and each is sent one message.
    fn log_in(&self, side: Side, users: usize) -> Vec<f64> {
        let subject = Subject::start(side, &self.users, 0);
        let sender = Client::new(subject.address(), 0);
        let (empty, cpu) = (subject.resident_kib(), subject.cpu());
        let users = CROWD..CROWD + users;
        let crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
        let cpu = subject.cpu() - cpu;
        // Who has been talked to has buffers, and is what a user in earnest costs.
        sender.say_once(&to_all());
        let grown = subject.resident_kib() - empty;
        let online = crowd.online as f64;
        vec![
            online / crowd.time.as_secs_f64(),
            cpu.as_secs_f64() * 1e6 / online,
            grown as f64 / online,
            empty as f64,
        ]
    }

    /// As many come as can.
    fn fill(&self, side: Side) -> Vec<f64> {
        let subject = Subject::start(side, &self.users, 0);
        // A crowd's own descriptors must not be what runs out.
        let half = USERS / 2;
        let online = [0..half, half..USERS]
            .map(|users| Crowd::start(subject.address(), users, Manners::Acknowledge, 2));
        let online: usize = online.iter().map(|crowd| crowd.online).sum();
        vec![online as f64]
    }

    /// A few pairs talk while somebody talks to all, again and again.
    fn beside_broadcast(&self, side: Side, receivers: usize) -> Vec<f64> {
        let subject = Subject::start(side, &self.users, BYSTANDERS);
        let pairs = Pairs::log_in(subject.address(), BYSTANDERS);
        let users = CROWD..CROWD + receivers - 2 * BYSTANDERS;
        let _crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
        let sender = Client::new(subject.address(), CROWD - 1);
        let enough = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| sender.talk(&to_all(), |_| enough.load(Ordering::Relaxed)));
            let latencies = bystanders(&pairs, self.time);
            enough.store(true, Ordering::Relaxed);
            latencies
        })
    }

    /// A few pairs talk while somebody waits in vain for some of many receivers.
    fn beside_silence(&self, side: Side, receivers: usize, silent: usize) -> Vec<f64> {
        let subject = Subject::start(side, &self.users, BYSTANDERS);
        let pairs = Pairs::log_in(subject.address(), BYSTANDERS);
        let users = CROWD..CROWD + receivers - silent - 2 * BYSTANDERS;
        let others = users.end..users.end + silent;
        let _crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
        let _silent = Crowd::of(subject.address(), others, Manners::KeepSilent);
        let sender = Client::new(subject.address(), CROWD - 1);
        sender.say(&to_all());
        bystanders(&pairs, self.time)
    }
}

fn bystanders(pairs: &Pairs, time: Duration) -> Vec<f64> {
    pairs.warm_up();
    let mut latencies = pairs.talk(time);
    vec![
        percentile(&mut latencies, 0.5),
        percentile(&mut latencies, 0.99),
    ]
}

fn to_all() -> String {
    format!("/toall {TEXT}\n")
}

fn for_about(time: Duration) -> impl Fn(Instant) -> bool {
    let end = Instant::now() + time;
    move |now| now >= end
}
