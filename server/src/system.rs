//! What roster, member, turn, link and broadcast take from the system. The model in `tests/model` runs
//! the same files over locks and sockets of its own, to look for deadlocks in every order of events.

pub(crate) use std::{
    net::{Shutdown, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, TryLockError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};
