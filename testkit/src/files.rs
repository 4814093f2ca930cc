//! Files for one test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A file that goes with its test.
#[derive(Debug)]
pub struct TempFile(PathBuf);

impl TempFile {
    /// A new file with this content.
    pub fn new(content: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("messenger-{}-{number}.txt", process::id()));
        fs::write(&path, content).expect("a temporary file");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A users file with `jacky`, `bob`, `michael` and `user0`, `user1`, … up to `count`;
/// [`password`](crate::password) knows their passwords.
pub fn users_file(count: usize) -> TempFile {
    let named = ["jacky", "bob", "michael"].map(String::from);
    let names = named
        .into_iter()
        .chain((0..count).map(|number| format!("user{number}")));
    TempFile::new(
        names
            .map(|name| format!("{name} {}\n", crate::password(&name)))
            .collect::<String>(),
    )
}
