//! How much room a text takes on a terminal.

/// Characters that stand on top of the one before them: combining marks, joiners, variation
/// selectors. Sorted.
const ZERO: &[(u32, u32)] = &[
    (0x0300, 0x036f),
    (0x0483, 0x0489),
    (0x0591, 0x05bd),
    (0x0610, 0x061a),
    (0x064b, 0x065f),
    (0x0900, 0x0902),
    (0x093c, 0x093c),
    (0x0941, 0x0948),
    (0x094d, 0x094d),
    (0x0e31, 0x0e31),
    (0x0e34, 0x0e3a),
    (0x0e47, 0x0e4e),
    (0x1ab0, 0x1aff),
    (0x1dc0, 0x1dff),
    (0x200b, 0x200d),
    (0x20d0, 0x20ff),
    (0xfe00, 0xfe0f),
    (0xfe20, 0xfe2f),
    (0xe0100, 0xe01ef),
];

/// Characters that take two columns: East Asian wide and fullwidth ones, and emoji. Sorted.
const WIDE: &[(u32, u32)] = &[
    (0x1100, 0x115f),
    (0x231a, 0x231b),
    (0x23e9, 0x23ec),
    (0x25fd, 0x25fe),
    (0x2614, 0x2615),
    (0x2648, 0x2653),
    (0x26a1, 0x26a1),
    (0x26bd, 0x26be),
    (0x26c4, 0x26c5),
    (0x26d4, 0x26d4),
    (0x2705, 0x2705),
    (0x270a, 0x270b),
    (0x2728, 0x2728),
    (0x274c, 0x274c),
    (0x2753, 0x2757),
    (0x2795, 0x2797),
    (0x2b1b, 0x2b1c),
    (0x2b50, 0x2b50),
    (0x2b55, 0x2b55),
    (0x2e80, 0x303e),
    (0x3041, 0x33ff),
    (0x3400, 0x4dbf),
    (0x4e00, 0xa4cf),
    (0xa960, 0xa97f),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe30, 0xfe6f),
    (0xff01, 0xff60),
    (0xffe0, 0xffe6),
    (0x16fe0, 0x18aff),
    (0x1b000, 0x1b2ff),
    (0x1f18e, 0x1f18e),
    (0x1f191, 0x1f19a),
    (0x1f200, 0x1f320),
    (0x1f32d, 0x1f335),
    (0x1f337, 0x1f37c),
    (0x1f37e, 0x1f393),
    (0x1f3a0, 0x1f3ca),
    (0x1f3cf, 0x1f3d3),
    (0x1f3e0, 0x1f3f0),
    (0x1f3f4, 0x1f3f4),
    (0x1f3f8, 0x1f43e),
    (0x1f440, 0x1f440),
    (0x1f442, 0x1f4fc),
    (0x1f4ff, 0x1f53d),
    (0x1f54b, 0x1f567),
    (0x1f595, 0x1f596),
    (0x1f5a4, 0x1f5a4),
    (0x1f5fb, 0x1f64f),
    (0x1f680, 0x1f6c5),
    (0x1f6cc, 0x1f6cc),
    (0x1f6d0, 0x1f6d2),
    (0x1f6d5, 0x1f6df),
    (0x1f6eb, 0x1f6ec),
    (0x1f6f4, 0x1f6fc),
    (0x1f7e0, 0x1f7eb),
    (0x1f90c, 0x1f93a),
    (0x1f93c, 0x1f945),
    (0x1f947, 0x1f9ff),
    (0x1fa70, 0x1faff),
    (0x20000, 0x3fffd),
];

/// The columns of one character: 0, 1 or 2.
pub(crate) fn of(c: char) -> usize {
    let within = |ranges: &[(u32, u32)]| {
        let after = ranges.partition_point(|&(first, _)| first <= u32::from(c));
        after > 0 && u32::from(c) <= ranges[after - 1].1
    };
    match c {
        '\0'..'\u{300}' => 1,
        _ if within(ZERO) => 0,
        _ if within(WIDE) => 2,
        _ => 1,
    }
}

/// How many rows below that of its beginning a text ends. A character that does not fit into what is
/// left of a row goes to the next one.
pub(crate) fn last_row(text: &str, columns: usize) -> usize {
    let (mut row, mut column) = (0, 0);
    for width in text.chars().map(of) {
        column += width;
        if column > columns {
            row += 1;
            column = width;
        }
    }
    row
}

/// The end of a text, as much of it as fits into so many rows.
pub(crate) fn tail(mut text: &str, rows: usize, columns: usize) -> &str {
    while last_row(text, columns) >= rows.max(1) {
        let row = text.chars().take(columns.div_ceil(2).max(1));
        text = &text[row.map(char::len_utf8).sum()..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_characters() {
        assert!(ZERO.is_sorted() && WIDE.is_sorted());
        for (text, columns) in [
            ("", 0),
            ("abc", 3),
            ("é", 1),
            ("e\u{301}", 1),
            ("漢字", 4),
            ("한글", 4),
            ("ひらがな", 8),
            ("ｗ", 2),
            ("😀", 2),
            ("…", 1),
            ("Ж", 1),
        ] {
            assert_eq!(text.chars().map(of).sum::<usize>(), columns, "{text}");
        }
    }

    #[test]
    fn rows_of_texts() {
        for (text, columns, row) in [
            ("", 4, 0),
            ("abcd", 4, 0),
            ("abcde", 4, 1),
            ("abcdefgh", 4, 1),
            ("abcdefghi", 4, 2),
            ("漢字", 4, 0),
            ("a漢字", 4, 1),
            ("abc漢字", 4, 1),
            ("漢字漢", 3, 2),
        ] {
            assert_eq!(last_row(text, columns), row, "{text}");
        }
    }

    #[test]
    fn tails_fit() {
        assert_eq!(tail("abc", 2, 4), "abc");
        for text in ["x".repeat(1000), "漢".repeat(500), "x漢".repeat(300)] {
            let tail = tail(&text, 3, 7);
            assert_eq!(last_row(tail, 7), 2);
            assert!(text.ends_with(tail));
        }
        assert_eq!(tail("漢", 1, 1), "");
    }
}
