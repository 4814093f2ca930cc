//! `docs/protocol.md` says what the code says.

use protocol::{Status, extended::FORMS};

const PAGE: &str = include_str!("../../docs/protocol.md");

/// The rows of a part's tables that have three cells and begin with a code.
fn documented(part: &str) -> Vec<[String; 3]> {
    let rows = part.lines().filter_map(|line| {
        let cells: Vec<_> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        <[String; 3]>::try_from(cells).ok()
    });
    rows.filter(|row| row[0].len() == 3 && row[0].parse::<u16>().is_ok())
        .collect()
}

fn table(statuses: &[Status]) -> Vec<[String; 3]> {
    let row = |status: &Status| {
        [
            status.code().to_string(),
            status.name().to_owned(),
            status.phrase().to_owned(),
        ]
    };
    statuses.iter().map(row).collect()
}

#[test]
fn the_tables_of_codes_are_the_codes() {
    let (handout, extension) = PAGE.split_once("# Part II").unwrap();
    assert_eq!(documented(handout), table(Status::HANDOUT));
    assert_eq!(documented(extension), table(Status::EXTENSION));
}

#[test]
fn every_command_of_extended_mode_is_there() {
    let (_, extension) = PAGE.split_once("# Part II").unwrap();
    for (_, form) in FORMS.iter().skip(4) {
        let documented = form.replace('|', r"\|");
        assert!(extension.contains(&format!("`{documented}`")), "{form}");
    }
}
