//! People who talk in pairs.

use std::{
    net::SocketAddr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    client::{Client, TEXT},
    receivers::acknowledge,
};

/// Pairs of users who are online, numbered from 0: each even one talks to the next.
pub(crate) struct Pairs(Vec<(Arc<Client>, String)>);

impl Pairs {
    pub(crate) fn log_in(server: SocketAddr, count: usize) -> Self {
        let receiver = |number| {
            let client = Arc::new(Client::new(server, number));
            let own = Arc::clone(&client);
            // The one thread a receiver that a message wakes: nothing could be cheaper.
            thread::spawn(move || acknowledge(&own.lb));
            client
        };
        let pair = |number| {
            let sender = receiver(2 * number);
            receiver(2 * number + 1);
            (sender, format!("/to user{} {TEXT}\n", 2 * number + 1))
        };
        Self((0..count).map(pair).collect())
    }

    /// Has all of them talk at once for this long. Says how long each message took.
    pub(crate) fn talk(&self, time: Duration) -> Vec<Duration> {
        let end = Instant::now() + time;
        thread::scope(|scope| {
            let talk =
                |(sender, line): &'_ (Arc<Client>, String)| sender.talk(line, |now| now >= end);
            let threads: Vec<_> = self
                .0
                .iter()
                .map(|pair| scope.spawn(move || talk(pair)))
                .collect();
            let latencies = threads
                .into_iter()
                .map(|thread| thread.join().expect("talk"));
            latencies.flatten().collect()
        })
    }
}
