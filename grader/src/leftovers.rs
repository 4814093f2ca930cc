//! Processes of a run that have left its process group. Only Linux tells of them; elsewhere the
//! group is all that can be ended.

#[cfg(all(test, target_os = "linux"))]
pub(crate) use linux::find;
#[cfg(target_os = "linux")]
pub(crate) use linux::{end, end_all};
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{end, end_all};

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs,
        os::fd::OwnedFd,
        thread,
        time::{Duration, Instant},
    };

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use crate::program::MARK;

    /// How long to go on looking for processes that start others faster than they are ended.
    const PATIENCE: Duration = Duration::from_secs(3);

    /// Ends every process that carries this mark, and only those: a descriptor of the process is
    /// taken first and the mark read then, so that no number is used for somebody else's process.
    pub(crate) fn end(mark: &str) {
        end_where(&|found| found == mark);
    }

    /// Ends every process whose mark begins so.
    pub(crate) fn end_all(beginning: &str) {
        end_where(&|found| found.starts_with(beginning));
    }

    fn end_where(is_wanted: &dyn Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = find_where(is_wanted);
            for process in &left {
                let _ = pidfd_send_signal(process, Signal::KILL);
            }
            if left.is_empty() || Instant::now() > deadline {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Every process that carries this mark and has not ended.
    #[cfg(test)]
    pub(crate) fn find(mark: &str) -> Vec<OwnedFd> {
        find_where(&|found| found == mark)
    }

    fn find_where(is_wanted: &dyn Fn(&str) -> bool) -> Vec<OwnedFd> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers
            .filter_map(|number| marked(number, is_wanted))
            .collect()
    }

    fn marked(number: i32, is_wanted: &dyn Fn(&str) -> bool) -> Option<OwnedFd> {
        let process = pidfd_open(Pid::from_raw(number)?, PidfdFlags::empty()).ok()?;
        // Another user's cannot be read, and is none of ours; one that has ended has none.
        let environment = fs::read(format!("/proc/{number}/environ")).ok()?;
        let mut variables = environment.split(|&byte| byte == 0);
        let wanted = variables.any(|variable| {
            str::from_utf8(variable)
                .ok()
                .and_then(|variable| variable.strip_prefix(MARK)?.strip_prefix('='))
                .is_some_and(is_wanted)
        });
        wanted.then_some(process)
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    pub(crate) fn end(_: &str) {}

    pub(crate) fn end_all(_: &str) {}
}
