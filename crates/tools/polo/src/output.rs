//! Everything that this program prints. Invariant: text for people is made of lines in which control and bidirectional
//! characters are escaped, so that no name or message can steer a terminal; a reader that has seen enough (`| head`) is
//! no failure.

use std::io::{ErrorKind, Write as _};

use polo_core::text::{is_unprintable, printable};
use serde::Serialize;

use crate::error::CliError;

/// A color of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    Red,
    Green,
    Yellow,
    Gray,
}

impl Color {
    /// Source: <https://www.ecma-international.org/publications-and-standards/standards/ecma-48/> (SGR), and for gray
    /// the de facto bright colors.
    fn code(self) -> u8 {
        match self {
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Gray => 90,
        }
    }
}

/// Lines for people. A text that is made of one string is one line, whatever the string holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Text {
    /// Adds a line.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        self.spans(&[(line.as_ref(), None)]);
    }

    /// Adds a line of parts that have a color each, without the blanks at its end.
    pub(crate) fn spans(&mut self, spans: &[(&str, Option<Color>)]) {
        let start = self.0.len();
        for (text, color) in spans {
            match color {
                Some(color) => {
                    // Blanks are left outside, so that those at the end of a line can go.
                    let word = text.trim_end();
                    let code = color.code();
                    let blanks = &text[word.len()..];
                    self.0.push_str(&format!(
                        "\u{1b}[{code}m{}\u{1b}[39m{blanks}",
                        printable(word)
                    ));
                }
                None => self.0.push_str(&printable(text)),
            }
        }
        let end = start + self.0[start..].trim_end_matches(' ').len();
        self.0.truncate(end);
        self.0.push('\n');
    }

    /// Adds an empty line.
    pub(crate) fn blank(&mut self) {
        self.0.push('\n');
    }

    /// Adds the lines of another text.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// Adds a section, unless it is empty.
    pub(crate) fn section(&mut self, heading: &str, body: &Self) {
        if !body.is_empty() {
            if !self.is_empty() {
                self.blank();
            }
            self.line(heading.to_uppercase());
            self.append(body);
        }
    }

    /// Whether it has no line.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines as the terminal gets them.
    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(line: &str) -> Self {
        let mut text = Self::default();
        text.line(line.strip_suffix('\n').unwrap_or(line));
        text
    }
}

impl From<String> for Text {
    fn from(line: String) -> Self {
        line.as_str().into()
    }
}

impl From<&String> for Text {
    fn from(line: &String) -> Self {
        line.as_str().into()
    }
}

/// Prints text for people; a string is one line.
pub(crate) fn print(text: impl Into<Text>) -> Result<(), CliError> {
    write(&text.into().0)
}

/// Prints a value as JSON, for programs.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        CliError::Failed(format!("the answer cannot be written as JSON: {error}"))
    })?;
    write(&format!("{}\n", escape_json(&text)))
}

/// serde_json leaves characters beyond ASCII as they are; within a string, which is the only place for them, a terminal
/// would act upon some.
fn escape_json(json: &str) -> String {
    json.chars().fold(String::new(), |mut escaped, character| {
        if !character.is_ascii() && is_unprintable(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
        escaped
    })
}

/// Prints a script that this program made, as it is: it is meant for a file or a shell.
pub(crate) fn print_script(script: &str) -> Result<(), CliError> {
    write(script)
}

/// Says something beside the answer, on standard error.
pub(crate) fn complain(sentence: impl AsRef<str>) {
    eprintln!("polo: {}", printable(sentence.as_ref()));
}

fn write(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::Failed(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let attack = "a\nb\u{1b}[31mred\u{202e}";
        let mut text = Text::from(attack);
        text.line(attack);
        text.spans(&[(attack, Some(Color::Red))]);
        let escaped = "a\\nb\\u{1b}[31mred\\u{202e}";
        assert_eq!(
            text.as_str(),
            format!("{escaped}\n{escaped}\n\u{1b}[31m{escaped}\u{1b}[39m\n")
        );
    }

    #[test]
    fn json_keeps_its_values_without_control_characters() {
        let value = "a\nb\u{1b}[31m\u{9b}\u{202e} ü 🎉";
        let json = escape_json(&serde_json::to_string_pretty(&[value]).unwrap());
        assert!(!json.replace('\n', "").contains(is_unprintable), "{json:?}");
        let read: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, [value]);
    }

    #[test]
    fn lines_end_without_blanks() {
        let mut text = Text::default();
        text.spans(&[("id   ", None), ("ok   ", Some(Color::Green))]);
        assert_eq!(text.as_str(), "id   \u{1b}[32mok\u{1b}[39m\n");
    }

    #[test]
    fn empty_sections_are_left_out() {
        let mut text = Text::default();
        text.section("runs", &Text::default());
        assert!(text.is_empty());
        text.section("runs", &"none".into());
        text.section("targets", &"none".into());
        assert_eq!(text.as_str(), "RUNS\nnone\n\nTARGETS\nnone\n");
    }
}
