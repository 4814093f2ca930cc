//! The table: Markdown, so that it can be shown as it is.

use std::time::Instant;

use crate::statistics::median;

/// One number that a row measures, and what is expected of it.
pub(crate) struct Figure(pub(crate) &'static str, pub(crate) Bar);

/// What a figure has to reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    /// Server to floor.
    RatioAtLeast(f64),
    /// Server to floor.
    RatioAtMost(f64),
    /// The server's own figure.
    AtLeast(f64),
    /// The server's own figure.
    AtMost(f64),
    /// Nothing; it is good to know.
    Stated,
}

/// Prints rows as they are measured.
pub(crate) struct Table {
    start: Instant,
}

impl Table {
    pub(crate) fn begin() -> Self {
        line(["row", "figure", "server", "floor", "ratio", "bar", ""]);
        println!("|---|---|--:|--:|--:|--:|---|");
        Self {
            start: Instant::now(),
        }
    }

    /// Each round has the server's figures and the floor's. The ratio is the median of the rounds'
    /// ratios: what disturbs one round disturbs both programs, or is outvoted.
    pub(crate) fn row(&self, name: &str, figures: &[Figure], rounds: &[(Vec<f64>, Vec<f64>)]) {
        for (number, Figure(figure, bar)) in figures.iter().enumerate() {
            let of = |pick: fn(f64, f64) -> f64| {
                median(
                    rounds
                        .iter()
                        .map(|(server, floor)| pick(server[number], floor[number]))
                        .collect(),
                )
            };
            let (server, floor) = (of(|server, _| server), of(|_, floor| floor));
            let ratio = of(|server, floor| server / floor);
            let (bar, verdict) = bar.judge(server, ratio);
            line([
                if number == 0 { name } else { "" },
                figure,
                &shown(server),
                &shown(floor),
                &format!("{ratio:.2}"),
                &bar,
                verdict,
            ]);
        }
    }

    pub(crate) fn end(self) {
        println!("\n{} s", self.start.elapsed().as_secs());
    }
}

impl Bar {
    /// The bar in words, and whether it is reached.
    fn judge(self, server: f64, ratio: f64) -> (String, &'static str) {
        let (words, reached) = match self {
            Self::RatioAtLeast(bar) => (format!("ratio ≥ {bar}"), ratio >= bar),
            Self::RatioAtMost(bar) => (format!("ratio ≤ {bar}"), ratio <= bar),
            Self::AtLeast(bar) => (format!("≥ {}", shown(bar)), server >= bar),
            Self::AtMost(bar) => (format!("≤ {}", shown(bar)), server <= bar),
            Self::Stated => return (String::new(), ""),
        };
        (words, if reached { "reached" } else { "missed" })
    }
}

fn line(cells: [&str; 7]) {
    println!("| {} |", cells.join(" | "));
}

/// Three digits that count or more, and commas between thousands.
fn shown(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
