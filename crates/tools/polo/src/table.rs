//! Tables for people. Invariant: no line is wider than the screen; where columns have no room, each row becomes a block
//! of `label: value` lines.

use std::io::IsTerminal as _;

use polo_core::text::printable;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::environment;
use crate::output::{Color, Text};

/// Below this many columns a table is not readable.
const BLOCKS_BELOW: u16 = 70;
/// The width where standard output is no terminal.
const PIPED: u16 = 200;
/// The width of a terminal that does not say how wide it is.
const USUAL: u16 = 80;
/// Blanks between columns.
const GAP: usize = 2;
/// A column is not cut below this.
const LEAST: usize = 12;
/// A column of notes that is narrower than this says too little; they then stand beneath their rows.
const LEAST_NOTE: usize = 60;
/// A column of notes may be this much wider than one that is cut as well.
const NOTE_WEIGHT: usize = 4;
/// A note that stands beneath its row, or in a block, is cut here; every sentence of this program is shorter.
const LONGEST_NOTE: usize = 180;
const INDENT: &str = "  ";

/// Where a table is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) width: u16,
    /// Whether it shows colors.
    pub(crate) color: bool,
}

impl Screen {
    /// Standard output as it is.
    pub(crate) fn of_process() -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout
            .is_terminal()
            .then(|| rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| size.ws_col));
        Self {
            width: width(environment::columns(), terminal),
            color: terminal.is_some() && !environment::no_colour(),
        }
    }

    /// An empty table with these headings.
    pub(crate) fn table(self, headings: &[&str]) -> Table {
        let column = |heading: &&str| Column {
            heading: one_line(heading),
            fit: Fit::Cut,
        };
        Table {
            screen: self,
            columns: headings.iter().map(column).collect(),
            rows: Vec::new(),
            note_heading: String::new(),
            in_full: false,
        }
    }

    /// `label  value` lines, values aligned and never cut; an empty value is left out.
    pub(crate) fn fields(self, pairs: &[(&str, String)]) -> Text {
        let shown = || pairs.iter().filter(|(_, value)| !value.is_empty());
        let width = usize::from(self.width);
        let labels = shown().map(|(label, _)| label.width()).max().unwrap_or(0);
        let mut text = Text::default();
        for (label, value) in shown() {
            if self.width < BLOCKS_BELOW {
                wrap(&mut text, &format!("{label}: "), value, INDENT.len(), width);
            } else {
                let indent = labels + GAP;
                wrap(&mut text, &pad(label, indent, false), value, indent, width);
            }
        }
        text
    }

    /// A sentence on as many lines as it needs.
    pub(crate) fn sentence(self, sentence: &str) -> Text {
        let mut text = Text::default();
        wrap(&mut text, "", sentence, 0, self.width.into());
        text
    }

    /// Text on one line that fits.
    pub(crate) fn shorten(self, text: &str) -> String {
        cut(&one_line(text), usize::from(self.width))
    }
}

/// `COLUMNS` as in `ls` and git, else what the terminal says. A terminal of 0 columns (`docker exec -t`, CI) does not
/// know its width.
fn width(wanted: Option<u16>, terminal: Option<u16>) -> u16 {
    match (wanted, terminal) {
        (Some(wanted), _) => wanted,
        (None, Some(0)) => USUAL,
        (None, Some(width)) => width,
        (None, None) => PIPED,
    }
}

/// A table being filled; [`Table::text`] lays it out.
#[derive(Debug)]
pub(crate) struct Table {
    screen: Screen,
    columns: Vec<Column>,
    rows: Vec<Row>,
    note_heading: String,
    in_full: bool,
}

#[derive(Debug)]
struct Column {
    heading: String,
    fit: Fit,
}

/// What a column does where room is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Its cells end in `…`.
    Cut,
    /// Nothing.
    Whole,
    /// It is left out, the last one first.
    Spare,
}

#[derive(Debug)]
struct Row {
    cells: Vec<Cell>,
    note: String,
}

/// A cell, on one line.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    flush_right: bool,
    color: Option<Color>,
}

/// The columns that are shown with their widths, and the width of the notes where they are a column.
struct Layout {
    columns: Vec<(usize, usize)>,
    note: Option<usize>,
}

impl Table {
    /// These columns are never cut.
    pub(crate) fn whole(mut self, columns: &[usize]) -> Self {
        self.set(columns, Fit::Whole);
        self
    }

    /// These columns are never cut, and left out where room is short.
    pub(crate) fn spare(mut self, columns: &[usize]) -> Self {
        self.set(columns, Fit::Spare);
        self
    }

    /// Each row has a note under this heading: its last column, or a line beneath where that has no room.
    pub(crate) fn noted(mut self, heading: &str) -> Self {
        self.note_heading = one_line(heading);
        self
    }

    /// Notes and the values of blocks are never cut.
    pub(crate) fn in_full(mut self) -> Self {
        self.in_full = true;
        self
    }

    fn set(&mut self, columns: &[usize], fit: Fit) {
        for (index, column) in self.columns.iter_mut().enumerate() {
            if columns.contains(&index) {
                column.fit = fit;
            }
        }
    }

    /// Adds a row; its note may be empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>, note: &str) {
        let mut cells: Vec<Cell> = cells.into_iter().collect();
        cells.resize_with(self.columns.len(), || cell(""));
        self.rows.push(Row {
            cells,
            note: one_line(note),
        });
    }

    /// The table as it fits its screen; columns without a value are left out. Without rows it is empty.
    pub(crate) fn text(&self) -> Text {
        let limit = usize::from(self.screen.width);
        let layout = (self.screen.width >= BLOCKS_BELOW).then(|| self.layout(limit));
        match layout.flatten() {
            Some(layout) => self.lines(&layout, limit),
            None => self.blocks(limit),
        }
    }

    fn layout(&self, limit: usize) -> Option<Layout> {
        let filled = |index: &usize| {
            self.rows
                .iter()
                .any(|row| !row.cells[*index].text.is_empty())
        };
        let mut shown: Vec<usize> = (0..self.columns.len()).filter(filled).collect();
        let least = |shown: &[usize]| {
            let widths: usize = shown.iter().map(|index| self.least(*index) + GAP).sum();
            widths.saturating_sub(GAP)
        };
        let longest_note = self
            .rows
            .iter()
            .map(|row| row.note.width())
            .max()
            .unwrap_or(0);
        let enough = match (longest_note, self.in_full) {
            (0, _) => None,
            (longest, true) => Some(longest.max(self.note_heading.width())),
            (longest, false) => Some(longest.min(LEAST_NOTE).max(self.note_heading.width())),
        };
        let note = enough.filter(|note| least(&shown) + GAP + note <= limit);
        while least(&shown) > limit {
            let spare = |index: &usize| self.columns[*index].fit == Fit::Spare;
            shown.remove(shown.iter().rposition(spare)?);
        }
        // What is left goes to what is cut, the narrowest first; notes are sentences and get more.
        let of_column = |index: &usize| (self.least(*index), self.natural(*index), 1);
        let mut widths: Vec<(usize, usize, usize)> = shown.iter().map(of_column).collect();
        widths.extend(note.map(|note| (note, longest_note, NOTE_WEIGHT)));
        let used: usize = widths.iter().map(|(width, ..)| width + GAP).sum();
        for _ in used.saturating_sub(GAP)..limit {
            let cut = widths
                .iter_mut()
                .filter(|(width, natural, _)| width < natural);
            if let Some((width, ..)) = cut.min_by_key(|(width, _, weight)| *width / weight) {
                *width += 1;
            }
        }
        let note = note.and_then(|_| widths.pop()).map(|(width, ..)| width);
        let columns = shown
            .into_iter()
            .zip(widths.into_iter().map(|(width, ..)| width))
            .collect();
        Some(Layout { columns, note })
    }

    fn natural(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row.cells[column].text.width());
        cells
            .chain([self.columns[column].heading.width()])
            .max()
            .unwrap_or(0)
    }

    fn least(&self, column: usize) -> usize {
        let natural = self.natural(column);
        match self.columns[column].fit {
            Fit::Cut => natural.min(LEAST.max(self.columns[column].heading.width())),
            Fit::Whole | Fit::Spare => natural,
        }
    }

    fn lines(&self, layout: &Layout, limit: usize) -> Text {
        let mut text = Text::default();
        let Some(first) = self.rows.first() else {
            return text;
        };
        let headings = layout.columns.iter().map(|(index, width)| {
            let heading = &self.columns[*index].heading;
            (pad(heading, *width, first.cells[*index].flush_right), None)
        });
        let note_heading = layout.note.map(|_| (self.note_heading.clone(), None));
        spaced(&mut text, headings.chain(note_heading).collect());
        let widths = layout
            .columns
            .iter()
            .map(|(_, width)| *width)
            .chain(layout.note);
        let total: usize = widths.map(|width| width + GAP).sum();
        text.line("─".repeat(total.saturating_sub(GAP)));
        let mut above = "";
        for row in &self.rows {
            let cells = layout.columns.iter().map(|(index, width)| {
                let cell = &row.cells[*index];
                let color = cell.color.filter(|_| self.screen.color);
                (
                    pad(&cut(&cell.text, *width), *width, cell.flush_right),
                    color,
                )
            });
            let note = layout.note.map(|width| (cut(&row.note, width), None));
            spaced(&mut text, cells.chain(note).collect());
            if layout.note.is_none() && !row.note.is_empty() {
                self.note(&mut text, INDENT, &row.note, above, limit);
            }
            above = &row.note;
        }
        text
    }

    fn blocks(&self, limit: usize) -> Text {
        let mut text = Text::default();
        let mut above = "";
        for row in &self.rows {
            if !text.is_empty() {
                text.blank();
            }
            for (column, cell) in self.columns.iter().zip(&row.cells) {
                if !cell.text.is_empty() {
                    self.value(
                        &mut text,
                        &format!("{}: ", column.heading),
                        &cell.text,
                        limit,
                    );
                }
            }
            if !row.note.is_empty() {
                let label = format!("{}: ", self.note_heading);
                self.note(&mut text, &label, &row.note, above, limit);
            }
            above = &row.note;
        }
        text
    }

    fn value(&self, text: &mut Text, label: &str, value: &str, limit: usize) {
        if self.in_full {
            wrap(text, label, value, INDENT.len(), limit);
        } else {
            text.line(cut(&format!("{label}{value}"), limit));
        }
    }

    fn note(&self, text: &mut Text, label: &str, note: &str, above: &str, limit: usize) {
        // A note in full can be long, and one cause is often that of many rows.
        let note = match self.in_full {
            true if note == above => "as above".to_owned(),
            true => note.to_owned(),
            false => cut(note, LONGEST_NOTE),
        };
        wrap(text, label, &note, INDENT.len(), limit);
    }
}

/// A cell of text, on one line.
pub(crate) fn cell(text: impl AsRef<str>) -> Cell {
    Cell {
        text: one_line(text.as_ref()),
        flush_right: false,
        color: None,
    }
}

/// A number, flush right.
pub(crate) fn number(value: impl std::fmt::Display) -> Cell {
    Cell {
        flush_right: true,
        ..cell(value.to_string())
    }
}

/// A status or an outcome, in the color that says how good it is.
pub(crate) fn state(text: &str) -> Cell {
    let color = match text {
        "active" | "complete" | "success" => Some(Color::Green),
        "no_access" | "failed" | "denied" | "crashed" => Some(Color::Red),
        "pending_setup" | "partial" | "inconclusive" => Some(Color::Yellow),
        "excluded" | "skipped" => Some(Color::Gray),
        _ => None,
    };
    Cell {
        color,
        ..cell(text)
    }
}

/// Parts that are not empty, with `: ` between.
pub(crate) fn joined(parts: &[&str]) -> String {
    let given: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    given.join(": ")
}

/// Messages of servers span lines; a cell does not.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    printable(&words.join(" ")).into_owned()
}

/// A line of cells with blanks between.
fn spaced(text: &mut Text, cells: Vec<(String, Option<Color>)>) {
    let gap = " ".repeat(GAP);
    let mut spans: Vec<(&str, Option<Color>)> = Vec::new();
    for (cell, color) in &cells {
        if !spans.is_empty() {
            spans.push((&gap, None));
        }
        spans.push((cell, *color));
    }
    text.spans(&spans);
}

fn pad(text: &str, width: usize, flush_right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if flush_right {
        blanks + text
    } else {
        text.to_owned() + &blanks
    }
}

/// As much of the text as fits; what is cut ends in `…`.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (kept, _) = text.split_at(fitting(text, width.saturating_sub(1)));
    format!("{}…", kept.trim_end())
}

/// How many bytes of the text fit.
fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    text.char_indices()
        .find(|(_, character)| {
            used += character.width().unwrap_or(0);
            used > width
        })
        .map_or(text.len(), |(index, _)| index)
}

/// Adds a value after its label, on as many lines as it needs; a word that is longer than a line is broken.
fn wrap(text: &mut Text, label: &str, value: &str, indent: usize, width: usize) {
    let value = one_line(value);
    let mut line = label.to_owned();
    let mut starts = true;
    for mut word in value.split(' ') {
        if !starts && line.width() + 1 + word.width() > width {
            text.line(&line);
            line = " ".repeat(indent);
            starts = true;
        }
        if !starts {
            line.push(' ');
        }
        while line.width() + word.width() > width {
            let room = width.saturating_sub(line.width());
            let fits = fitting(word, room);
            if fits == 0 && line.width() <= indent {
                // Not even a character fits beside the indent.
                break;
            }
            let (head, rest) = word.split_at(fits);
            text.line(line + head);
            line = " ".repeat(indent);
            word = rest;
        }
        line.push_str(word);
        starts = false;
    }
    text.line(line);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The widths that tables are tested at: an unknown one, blocks, the last of them, tables, and a pipe.
    pub(crate) const WIDTHS: [Option<u16>; 8] = [
        Some(0),
        Some(40),
        Some(60),
        Some(69),
        Some(70),
        Some(80),
        Some(140),
        None,
    ];

    /// A terminal of this width, or a pipe.
    pub(crate) fn screen(terminal: Option<u16>) -> Screen {
        Screen {
            width: width(None, terminal),
            color: false,
        }
    }

    /// Fails if a line is wider than a screen may show.
    pub(crate) fn assert_fits(text: &Text, terminal: Option<u16>) {
        let limit = usize::from(screen(terminal).width);
        for line in text.as_str().lines() {
            assert!(
                line.width() <= limit,
                "{} > {limit}: {line}\n{}",
                line.width(),
                text.as_str()
            );
        }
    }

    /// The words of a text, whatever lines they stand on.
    pub(crate) fn words(text: &Text) -> String {
        let words: Vec<&str> = text.as_str().split_whitespace().collect();
        words.join(" ")
    }

    fn example(screen: Screen) -> Table {
        let mut table = screen
            .table(&["account", "name", "spare", "empty", "count"])
            .whole(&[0])
            .spare(&[2])
            .noted("why");
        let name =
            "a name that nobody would call short, 漢字漢字漢字漢字 and more of it until it is long";
        let note = "it is denied \u{1b}[31m for a reason that takes more words than any line has columns, ".repeat(3);
        for count in [7_u64, 8] {
            let cells = [
                cell("111111111111"),
                cell(name),
                cell("x".repeat(40)),
                cell(""),
                number(count),
            ];
            table.row(cells, &note);
        }
        table
    }

    #[test]
    fn an_unknown_width_is_not_a_width() {
        assert_eq!(width(None, Some(0)), 80);
        assert_eq!(width(None, Some(60)), 60);
        assert_eq!(width(None, None), 200);
        assert_eq!(width(Some(100), None), 100);
        assert_eq!(width(Some(100), Some(80)), 100);
    }

    #[test]
    fn every_width_is_kept() {
        for terminal in WIDTHS {
            for table in [
                example(screen(terminal)),
                example(screen(terminal)).in_full(),
            ] {
                let text = table.text();
                assert_fits(&text, terminal);
                assert!(
                    !text.as_str().contains(['\u{1b}', '\t']),
                    "{}",
                    text.as_str()
                );
                assert!(!text.as_str().contains("empty"), "{}", text.as_str());
                assert_eq!(text.as_str().matches("111111111111").count(), 2);
            }
        }
    }

    #[test]
    fn rows_are_blocks_below_70_columns() {
        let blocks = |width| {
            example(screen(Some(width)))
                .text()
                .as_str()
                .contains("account: 1")
        };
        assert!(blocks(40) && blocks(69));
        assert!(!blocks(70) && !blocks(0));
    }

    #[test]
    fn columns_that_cannot_fit_become_blocks() {
        let mut table = screen(Some(80)).table(&["one", "two"]).whole(&[0, 1]);
        table.row([cell("x".repeat(50)), cell("y".repeat(50))], "");
        assert!(table.text().as_str().starts_with("one: x"));
        assert_fits(&table.text(), Some(80));
    }

    #[test]
    fn a_full_table_keeps_every_word() {
        for terminal in WIDTHS {
            let table = example(screen(terminal)).in_full();
            let words = words(&table.text());
            let note = one_line(&table.rows[0].note);
            assert!(words.contains(&note), "{words}");
            assert!(words.contains("as above"), "{words}");
        }
    }

    #[test]
    fn fields_keep_every_character() {
        let arn = "arn:aws:iam::111111111111:role/a/path/that/is/long/enough/to/be/broken/even/at/80/columns/PoloReadRole";
        for terminal in WIDTHS {
            let pairs = [("read role", arn.to_owned()), ("owner", String::new())];
            let text = screen(terminal).fields(&pairs);
            assert_fits(&text, terminal);
            let joined: String = text.as_str().split_whitespace().collect();
            assert!(
                joined.contains(arn) && !joined.contains("owner"),
                "{joined}"
            );
        }
    }

    #[test]
    fn a_color_changes_no_width() {
        let mut screen = screen(Some(80));
        let mut plain = screen.table(&["status", "name"]);
        screen.color = true;
        let mut colored = screen.table(&["status", "name"]);
        for table in [&mut plain, &mut colored] {
            table.row([state("no_access"), cell("shop")], "");
            table.row([state("active"), cell("blog")], "");
        }
        let colored = colored
            .text()
            .as_str()
            .replace("\u{1b}[31m", "")
            .replace("\u{1b}[32m", "");
        assert_eq!(colored.replace("\u{1b}[39m", ""), plain.text().as_str());
    }

    #[test]
    fn tables_and_blocks_look_like_this() {
        let shown = [None, Some(80), Some(40)].map(|terminal| example(screen(terminal)).text());
        insta::assert_snapshot!(shown.map(|text| text.as_str().to_owned()).join("\n"));
    }
}
