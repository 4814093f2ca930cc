//! `docs/protocol.md` says what the code says.

use protocol::Status;

#[test]
fn the_table_of_codes_is_the_codes() {
    let page = include_str!("../../docs/protocol.md");
    let documented: Vec<Vec<&str>> = page
        .lines()
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(str::trim)
                .collect::<Vec<_>>()
        })
        .filter(|row| row.len() == 3 && row[0].len() == 3 && row[0].parse::<u16>().is_ok())
        .collect();
    let table: Vec<(String, &str, &str)> = Status::ALL
        .iter()
        .map(|status| (status.code().to_string(), status.name(), status.phrase()))
        .collect();
    let table: Vec<Vec<&str>> = table
        .iter()
        .map(|(code, name, phrase)| vec![code.as_str(), name, phrase])
        .collect();
    assert_eq!(documented, table);
}
