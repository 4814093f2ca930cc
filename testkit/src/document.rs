//! Documents that are made from what the programs know about themselves.

use std::{env, fs, path::Path};

/// Checks that the file at this path, relative to the workspace, has this content. With
/// `UPDATE_DOCS` set it is written instead.
#[track_caller]
pub fn check_document(path: &str, content: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if env::var_os("UPDATE_DOCS").is_some() {
        let folder = path.parent().expect("a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, content))
            .expect("writing");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == content,
        "{} is not what the program says of itself; UPDATE_DOCS=1 cargo test --workspace writes it anew",
        path.display()
    );
}
