//! Tables for people. Invariant: they fit the terminal, and there is no colour where nobody could see it.

use std::io::IsTerminal as _;

use comfy_table::{
    Cell, Color, ColumnConstraint, ContentArrangement, LineStyle, Row, Table, TableStyle, Width,
};

use crate::environment;

/// Where a table is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// Its width; none where nothing limits it.
    pub(crate) width: Option<u16>,
    /// Whether it shows colours.
    pub(crate) colour: bool,
}

impl Screen {
    /// Standard output as it is.
    pub(crate) fn of_process() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let width = if is_terminal {
            Table::new().width()
        } else {
            None
        };
        Self {
            width: width.or_else(environment::columns),
            colour: is_terminal && !environment::no_colour(),
        }
    }

    /// Whether a table of this width would break its lines.
    pub(crate) fn is_narrower_than(&self, width: u16) -> bool {
        self.width.is_some_and(|own| own < width)
    }

    /// A table with these headings.
    pub(crate) fn table(&self, headings: &[&str]) -> Table {
        let mut table = Table::new();
        table
            .load_style(
                TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')),
            )
            .set_truncation_indicator("…")
            .set_header(headings.iter().map(Cell::new));
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
        }
        table.force_no_tty();
        if self.colour {
            table.enforce_styling();
        }
        match self.width {
            Some(width) => table
                .set_width(width)
                .set_content_arrangement(ContentArrangement::Dynamic),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        table
    }

    /// Text on one line that fits.
    pub(crate) fn shorten(&self, text: &str) -> String {
        let text = one_line(text);
        match self.width.map(usize::from) {
            Some(width) if text.chars().count() > width => {
                let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
                short.push('…');
                short
            }
            _ => text,
        }
    }
}

/// Lines under a heading, each shortened to the screen, for what a narrow table has no column for.
pub(crate) fn beneath(screen: &Screen, heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines
        .iter()
        .map(|line| format!("{}\n", screen.shorten(line)))
        .collect();
    format!("\n{heading}\n{lines}")
}

/// A row of one line each; what does not fit its column ends in `…`.
pub(crate) fn row(cells: impl IntoIterator<Item = Cell>) -> Row {
    let mut row = Row::from(cells);
    row.max_height(1);
    row
}

/// A cell of text, on one line.
pub(crate) fn cell(text: impl AsRef<str>) -> Cell {
    Cell::new(one_line(text.as_ref()))
}

/// A number, flush right.
pub(crate) fn number(value: u64) -> Cell {
    Cell::new(value).set_alignment(comfy_table::CellAlignment::Right)
}

/// A status or an outcome, in the colour that says how good it is.
pub(crate) fn state(text: &str) -> Cell {
    let cell = cell(text);
    match text {
        "active" | "complete" | "success" => cell.fg(Color::Green),
        "no_access" | "failed" | "denied" | "crashed" => cell.fg(Color::Red),
        "pending_setup" | "partial" | "inconclusive" => cell.fg(Color::Yellow),
        "excluded" | "skipped" => cell.fg(Color::DarkGrey),
        _ => cell,
    }
}

/// These columns are never shortened.
pub(crate) fn keep_whole(table: &mut Table, columns: &[usize]) {
    for &index in columns {
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// These columns take no more than so many percent each, so that the last one has room.
pub(crate) fn at_most(table: &mut Table, columns: &[usize], percent: u16) {
    for &index in columns {
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Percentage(percent)));
        }
    }
}

/// The table as text, every line without trailing blanks.
pub(crate) fn text(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `label  value` lines, values aligned; a value that is empty is left out.
pub(crate) fn fields(pairs: &[(&str, String)]) -> String {
    let shown: Vec<&(&str, String)> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let width = shown
        .iter()
        .map(|(label, _)| label.len())
        .max()
        .unwrap_or_default();
    shown
        .iter()
        .map(|(label, value)| format!("{label:<width$}  {}\n", one_line(value)))
        .collect()
}

fn one_line(text: &str) -> String {
    // Control characters of a name or a message would otherwise reach the terminal.
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
