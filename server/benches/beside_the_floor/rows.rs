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

/// How long they talk before it counts.
const WARM_UP: Duration = Duration::from_millis(100);

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

/// A row of the table. It is set up a number of times, with new processes and new clients, and each
/// time measured in a number of slices, which the two programs take in turn: both change under the
/// hands of a busy machine, so that only what is measured side by side can be compared.
struct Row {
    name: &'static str,
    setups: usize,
    slices: usize,
    figures: &'static [Figure],
    set_up: for<'a> fn(&'a Scene, Side) -> Stage<'a>,
}

/// One program and its clients, ready to be measured for a slice.
type Stage<'a> = Box<dyn FnMut() -> Vec<f64> + 'a>;

const ROWS: &[Row] = &[
    Row {
        name: "/to, 1 pair",
        setups: 3,
        slices: 8,
        figures: MESSAGES,
        set_up: |scene, side| scene.talk(side, 1),
    },
    Row {
        name: "/to, 4 pairs",
        setups: 3,
        slices: 8,
        figures: MESSAGES,
        set_up: |scene, side| scene.talk(side, 4),
    },
    Row {
        name: "/to, 16 pairs",
        setups: 3,
        slices: 8,
        figures: MESSAGES,
        set_up: |scene, side| scene.talk(side, 16),
    },
    Row {
        name: "/toall, 100 receivers",
        setups: 3,
        slices: 8,
        figures: DELIVERIES,
        set_up: |scene, side| scene.broadcast(side, 100),
    },
    Row {
        name: "/toall, 1,000 receivers",
        setups: 3,
        slices: 8,
        figures: DELIVERIES,
        set_up: |scene, side| scene.broadcast(side, 1_000),
    },
    Row {
        name: "3,000 users",
        setups: 5,
        slices: 1,
        figures: LOGINS,
        set_up: |scene, side| scene.log_in(side, 3_000),
    },
    Row {
        name: "20,000 descriptors",
        setups: 1,
        slices: 1,
        figures: ONLINE,
        set_up: |scene, side| scene.fill(side),
    },
    Row {
        name: "/to beside /toall to 1,000",
        setups: 2,
        slices: 3,
        figures: BESIDE,
        set_up: |scene, side| scene.beside_broadcast(side, 1_000),
    },
    Row {
        name: "/to beside 5 silent",
        setups: 3,
        slices: 1,
        figures: BESIDE,
        set_up: |scene, side| scene.beside_silence(side, 100, 5),
    },
];

/// Measures what was asked for, and prints the table as it comes.
pub(crate) fn measure(options: &Options) {
    let scene = Scene {
        users: users_file(USERS),
        slice: options.slice,
    };
    let table = Table::begin();
    for row in ROWS.iter().filter(|row| row.name.contains(&options.row)) {
        let mut rounds = Vec::new();
        for _ in 0..row.setups.min(options.setups) {
            let mut server = (row.set_up)(&scene, Side::Server);
            let mut floor = (row.set_up)(&scene, Side::Floor);
            for slice in 0..row.slices {
                // Whoever comes second finds the machine warmer: that too they do in turn.
                rounds.push(if slice % 2 == 0 {
                    let server = server();
                    (server, floor())
                } else {
                    let floor = floor();
                    (server(), floor)
                });
            }
        }
        table.row(row.name, row.figures, &rounds);
    }
    table.end();
}

/// What all rows need.
struct Scene {
    users: TempFile,
    slice: Duration,
}

impl Scene {
    /// So many pairs talk at once.
    fn talk(&self, side: Side, count: usize) -> Stage<'_> {
        let subject = Subject::start(side, &self.users, count);
        let pairs = Pairs::log_in(subject.address(), count);
        pairs.talk(WARM_UP);
        Box::new(move || {
            let (start, cpu) = (Instant::now(), subject.cpu());
            let latencies = pairs.talk(self.slice);
            let (time, cpu) = (start.elapsed(), subject.cpu() - cpu);
            figures(latencies, 1, time, cpu)
        })
    }

    /// One talks to so many others.
    fn broadcast(&self, side: Side, receivers: usize) -> Stage<'_> {
        let subject = Subject::start(side, &self.users, 0);
        let users = CROWD..CROWD + receivers;
        let crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
        let sender = Client::new(subject.address(), 0);
        sender.talk(&to_all(), for_about(WARM_UP));
        Box::new(move || {
            let (start, cpu) = (Instant::now(), subject.cpu());
            let latencies = sender.talk(&to_all(), for_about(self.slice));
            let (time, cpu) = (start.elapsed(), subject.cpu() - cpu);
            figures(latencies, crowd.online(), time, cpu)
        })
    }

    /// So many come, and each is sent one message.
    fn log_in(&self, side: Side, count: usize) -> Stage<'_> {
        Box::new(move || {
            let subject = Subject::start(side, &self.users, 0);
            let sender = Client::new(subject.address(), 0);
            let (empty, cpu) = (subject.resident_kib(), subject.cpu());
            let users = CROWD..CROWD + count;
            let crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
            let cpu = subject.cpu() - cpu;
            // Who has been talked to has buffers, and is what a user in earnest costs.
            sender.say_once(&to_all());
            let grown = subject.resident_kib() - empty;
            let online = crowd.online() as f64;
            vec![
                online / crowd.time.as_secs_f64(),
                cpu.as_secs_f64() * 1e6 / online,
                grown as f64 / online,
                empty as f64,
            ]
        })
    }

    /// As many come as can.
    fn fill(&self, side: Side) -> Stage<'_> {
        Box::new(move || {
            let subject = Subject::start(side, &self.users, 0);
            // A crowd's own descriptors must not be what runs out.
            let half = USERS / 2;
            let crowds = [0..half, half..USERS]
                .map(|users| Crowd::start(subject.address(), users, Manners::Acknowledge, 2));
            let online: usize = crowds.iter().map(Crowd::online).sum();
            vec![online as f64]
        })
    }

    /// A few pairs talk while somebody talks to all, again and again.
    fn beside_broadcast(&self, side: Side, receivers: usize) -> Stage<'_> {
        let subject = Subject::start(side, &self.users, BYSTANDERS);
        let pairs = Pairs::log_in(subject.address(), BYSTANDERS);
        let users = CROWD..CROWD + receivers - 2 * BYSTANDERS;
        let crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
        let sender = Client::new(subject.address(), CROWD - 1);
        Box::new(move || {
            let _all = (&subject, &crowd);
            let enough = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| sender.talk(&to_all(), |_| enough.load(Ordering::Relaxed)));
                let latencies = pairs.talk(2 * self.slice);
                enough.store(true, Ordering::Relaxed);
                bystanders(latencies)
            })
        })
    }

    /// A few pairs talk while somebody waits in vain for some of many receivers.
    fn beside_silence(&self, side: Side, receivers: usize, silent: usize) -> Stage<'_> {
        Box::new(move || {
            let subject = Subject::start(side, &self.users, BYSTANDERS);
            let pairs = Pairs::log_in(subject.address(), BYSTANDERS);
            let users = CROWD..CROWD + receivers - silent - 2 * BYSTANDERS;
            let others = users.end..users.end + silent;
            let _crowd = Crowd::of(subject.address(), users, Manners::Acknowledge);
            let _silent = Crowd::of(subject.address(), others, Manners::KeepSilent);
            let sender = Client::new(subject.address(), CROWD - 1);
            sender.say(&to_all());
            pairs.talk(WARM_UP);
            bystanders(pairs.talk(4 * self.slice))
        })
    }
}

/// What each message of a talk took that reached so many: [`MESSAGES`], [`DELIVERIES`].
fn figures(
    mut latencies: Vec<Duration>,
    reached: usize,
    time: Duration,
    cpu: Duration,
) -> Vec<f64> {
    let count = (latencies.len() * reached) as f64;
    vec![
        count / time.as_secs_f64(),
        percentile(&mut latencies, 0.5),
        percentile(&mut latencies, 0.99),
        cpu.as_secs_f64() * 1e6 / count,
    ]
}

fn bystanders(mut latencies: Vec<Duration>) -> Vec<f64> {
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
