//! Output for people: tables, paragraphs and counts. INVARIANT: no line of a table or a paragraph is wider than the screen; where columns have
//! no room, each row becomes lines of its own.

use std::io::{ErrorKind, IsTerminal as _, Write as _};

use polo_core::text::{clip, printable};

use crate::error::StackError;

/// Below this many columns a table is not readable.
const BLOCKS_BELOW: usize = 70;
/// The width where standard output is no terminal.
const PIPED: usize = 100;
/// The width of a terminal that does not say how wide it is.
const USUAL: usize = 80;
/// The last column is not cut below this.
const LEAST: usize = 12;
const INDENT: &str = "  ";
const GAP: &str = "  ";

/// Where output is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) width: usize,
}

impl Screen {
    /// Standard output as it is.
    #[expect(
        clippy::disallowed_methods,
        reason = "COLUMNS says how wide the output of a program may be"
    )]
    pub(crate) fn of_process() -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal().then(|| {
            rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col))
        });
        Self {
            width: width(std::env::var("COLUMNS").ok().as_deref(), terminal),
        }
    }

    /// Lines of a table; where it does not fit, each row becomes a block.
    pub(crate) fn table(self, headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
        let heading: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
        let all: Vec<Vec<String>> = std::iter::once(heading)
            .chain(rows.iter().cloned())
            .collect();
        self.aligned(&all).unwrap_or_else(|| {
            let mut lines = Vec::new();
            for row in rows {
                for (column, (heading, cell)) in headings.iter().zip(row).enumerate() {
                    let indent = if column == 0 { "" } else { INDENT };
                    lines.extend(self.paragraph(&format!("{heading}: {cell}"), indent, "    "));
                }
            }
            lines
        })
    }

    /// Lines of columns that explain themselves; where they do not fit, each row becomes a paragraph.
    pub(crate) fn columns(self, rows: &[Vec<String>]) -> Vec<String> {
        self.aligned(rows).unwrap_or_else(|| {
            let paragraph = |row: &Vec<String>| self.paragraph(&row.join("  "), INDENT, "      ");
            rows.iter().flat_map(paragraph).collect()
        })
    }

    /// The rows with their columns aligned and the last one cut; none if there is no room for them.
    fn aligned(self, rows: &[Vec<String>]) -> Option<Vec<String>> {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell| printable(cell).into_owned())
                    .collect()
            })
            .collect();
        let columns = rows.first()?.len();
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| length(cell)).max().unwrap_or_default()
            })
            .collect();
        let (last, before) = widths.split_last()?;
        let used = INDENT.len() + before.iter().map(|width| width + GAP.len()).sum::<usize>();
        let left = self.width.saturating_sub(used);
        if self.width < BLOCKS_BELOW || left < LEAST.min(*last) {
            return None;
        }
        let line = |row: &Vec<String>| {
            let mut line = INDENT.to_owned();
            for (column, cell) in row.iter().enumerate() {
                match before.get(column) {
                    Some(width) => line.push_str(&format!("{cell:<width$}{GAP}")),
                    None => line.push_str(&clip(cell, left)),
                }
            }
            line.trim_end().to_owned()
        };
        Some(rows.iter().map(line).collect())
    }

    /// The text in lines; the first begins with `first`, the others with `next`. A word that is wider than the screen stays whole.
    pub(crate) fn paragraph(self, text: &str, first: &str, next: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = first.to_owned();
        let mut empty = true;
        for word in printable(text).split(' ').filter(|word| !word.is_empty()) {
            if !empty && length(&line) + 1 + length(word) > self.width {
                lines.push(std::mem::replace(&mut line, next.to_owned()));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        lines.push(line);
        lines
    }
}

/// Prints the lines; a reader that has gone is no error.
pub(crate) fn show(lines: &[String]) -> Result<(), StackError> {
    let text = lines
        .iter()
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(StackError::Refused {
            message: format!("standard output cannot be written: {error}"),
        }),
        _ => Ok(()),
    }
}

/// The width for a value of `COLUMNS`, and for what a terminal says of its own; a terminal that says 0 does not know.
fn width(columns: Option<&str>, terminal: Option<usize>) -> usize {
    let asked = columns.and_then(|columns| columns.trim().parse().ok());
    let known = |width: &usize| *width > 0;
    asked
        .filter(known)
        .or_else(|| terminal.filter(known))
        .unwrap_or(if terminal.is_some() { USUAL } else { PIPED })
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_width_is_not_a_width() {
        for (columns, terminal, expected) in [
            (None, None, PIPED),
            (None, Some(0), USUAL),
            (None, Some(132), 132),
            (Some("60"), Some(132), 60),
            (Some("60"), None, 60),
            (Some("0"), Some(0), USUAL),
            (Some("wide"), None, PIPED),
            (Some(""), Some(90), 90),
        ] {
            assert_eq!(
                width(columns, terminal),
                expected,
                "{columns:?} {terminal:?}"
            );
        }
    }

    #[test]
    fn tables_fit_every_screen() {
        let rows = vec![
            vec![
                "411303252912".to_owned(),
                "shop".to_owned(),
                "words ".repeat(40),
            ],
            vec!["1".to_owned(), "a".repeat(30), "b\u{1b}[31m\n".to_owned()],
        ];
        for width in [20, 60, 69, 70, 100, 200] {
            let lines = Screen { width }.table(&["account", "name", "reason"], &rows);
            for line in &lines {
                let words = line.trim_start();
                assert!(
                    length(line) <= width || !words.contains(' '),
                    "{width}: {line:?}"
                );
                assert!(!line.contains('\u{1b}'), "{line:?}");
            }
            assert_eq!(
                lines.len() == 3,
                width >= BLOCKS_BELOW,
                "{width}: {lines:#?}"
            );
        }
    }
}
