//! The manual page of a program, in the language of man(7).

use super::{Flag, OPTIONS, Program};

impl Program {
    /// The program's page in section 1 of the manual.
    pub fn manual(&self) -> String {
        let mut page = format!(
            ".\\\" Made from the program's own tables; see the test that checks it.\n\
             .TH {} 1 \"\" \"{} {}\" \"User Commands\"\n\
             .SH NAME\n{} \\- {}\n\
             .SH SYNOPSIS\n.B {}\n{}\
             .SH DESCRIPTION\n{}\n",
            self.name.to_uppercase(),
            self.name,
            self.version,
            self.name,
            escaped(&headline(self.about)),
            self.name,
            self.synopsis()
                .map(|part| match part {
                    OPTIONS => "[\\fIOPTION\\fR]...\n".to_owned(),
                    operand => format!(".I {}\n", escaped(operand)),
                })
                .collect::<String>(),
            escaped(self.about),
        );
        for (name, meaning) in self.operands {
            page += &item(&format!("\\fI{}\\fR", escaped(name)), meaning);
        }
        page += ".SH OPTIONS\n";
        for Flag { name, value, help } in self.flags() {
            let value = value.map_or(String::new(), |value| format!(" \\fI{value}\\fR"));
            page += &item(
                &format!("\\fB{}\\fR{value}", escaped(&format!("--{name}"))),
                help,
            );
        }
        for (title, text) in self.sections {
            page += &format!(".SH {}\n{}", escaped(&title.to_uppercase()), section(text));
        }
        page
    }
}

/// What stands in the list of all pages: the beginning of the first sentence.
fn headline(about: &str) -> String {
    let first = about.split([':', '.']).next().unwrap_or(about);
    let mut letters = first.trim().chars();
    let initial = letters
        .next()
        .map(|initial| initial.to_lowercase().to_string());
    format!("{}{}", initial.unwrap_or_default(), letters.as_str())
}

fn item(term: &str, meaning: &str) -> String {
    let meaning: Vec<&str> = meaning.lines().map(str::trim).collect();
    format!(".TP\n{term}\n{}\n", escaped(&meaning.join("\n")))
}

/// A section of the help: a list if each of its lines is a term and its meaning or goes on with the
/// one before, else as it is.
fn section(text: &str) -> String {
    let Some(rows) = rows(text) else {
        let lines = text
            .lines()
            .map(|line| line.strip_prefix("  ").unwrap_or(line));
        let lines: String = lines.map(|line| escaped(line) + "\n").collect();
        return format!(".nf\n{lines}.fi\n");
    };
    let rows = rows.iter();
    rows.map(|(term, meaning)| item(&format!("\\fB{}\\fR", escaped(term)), meaning))
        .collect()
}

fn rows(text: &str) -> Option<Vec<(&str, String)>> {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        let row = line.strip_prefix("  ")?;
        if row.starts_with(' ') {
            let (_, meaning) = rows.last_mut()?;
            *meaning += " ";
            *meaning += row.trim();
        } else {
            let (term, meaning) = row.split_once("  ")?;
            rows.push((term, meaning.trim().to_owned()));
        }
    }
    Some(rows)
}

/// A text that the formatter does not take for anything else.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text
        .split('\n')
        .map(|line| match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}"),
            false => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_table_is_there() {
        let program = Program {
            name: "talk",
            version: "1.2",
            about: "Talks to people: really.\nSecond line.",
            operands: &[("PORT", "where")],
            options: &[Flag {
                name: "ack-wait",
                value: Some("SECONDS"),
                help: "how long [default: 5]",
            }],
            sections: &[
                ("Exit status", "  0  fine\n  1  not\n     at all"),
                ("Example", "  talk 80\n  .dotted \\"),
            ],
        };
        let page = program.manual();
        for part in [
            ".TH TALK 1 \"\" \"talk 1.2\"",
            "talk \\- talks to people\n",
            ".B talk\n.I PORT\n[\\fIOPTION\\fR]...\n",
            ".TP\n\\fIPORT\\fR\nwhere\n",
            ".TP\n\\fB\\-\\-ack\\-wait\\fR \\fISECONDS\\fR\nhow long [default: 5]\n",
            "\\fB\\-\\-help\\fR",
            ".SH EXIT STATUS\n.TP\n\\fB0\\fR\nfine\n.TP\n\\fB1\\fR\nnot at all\n",
            ".SH EXAMPLE\n.nf\ntalk 80\n\\&.dotted \\e\n.fi\n",
        ] {
            assert!(page.contains(part), "{part:?} in {page}");
        }
    }
}
