//! Text that came from outside, made fit for a line that people read.
//!
//! Invariant: what passes [`printable`] moves no cursor, changes no color, starts no line and reorders no text.

use std::borrow::Cow;
use std::fmt::{Display, Write};

/// The text with control and bidirectional characters escaped, as `\n` or `\u{1b}`.
///
/// Source of the bidirectional characters: <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unprintable(character) {
            // Writing into a string cannot fail.
            let written = write!(escaped, "{}", escape(character));
            debug_assert!(written.is_ok());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Whether a terminal would act upon the character instead of showing it.
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
                | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// At most so many characters; what is cut ends in `…`.
pub fn clip(text: &str, characters: usize) -> Cow<'_, str> {
    if text.chars().nth(characters).is_none() {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(characters.saturating_sub(1)).collect();
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// `1 account`, `2 accounts`, `0 accounts`.
pub fn counted<N: Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let end = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{end}")
}

/// A value from outside as errors show it: quoted, printable, and cut at 120 characters.
pub fn quoted(value: &str) -> String {
    const SHOWN_CHARACTERS: usize = 120;
    let clipped = clip(value, SHOWN_CHARACTERS);
    let mut text = String::with_capacity(clipped.len() + 2);
    text.push('"');
    for character in clipped.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            _ => text.push(character),
        }
    }
    text.push('"');
    printable(&text).into_owned()
}

fn escape(character: char) -> String {
    match character {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        _ => character.escape_unicode().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidirectional_characters_are_escaped() {
        assert_eq!(printable("a\nb\u{1b}[31mred"), "a\\nb\\u{1b}[31mred");
        assert_eq!(printable("\u{202e}evil\u{9b}"), "\\u{202e}evil\\u{9b}");
        assert!(matches!(printable("Müller – 漢字 🎉"), Cow::Borrowed(_)));
    }

    #[test]
    fn clip_counts_characters_and_keeps_what_fits() {
        assert_eq!(clip("übergröße", 9), "übergröße");
        assert_eq!(clip("übergröße", 5), "über…");
        assert_eq!(clip("", 5), "");
    }

    #[test]
    fn one_has_no_plural() {
        assert_eq!(counted(1_u64, "run"), "1 run");
        assert_eq!(counted(0_usize, "run"), "0 runs");
    }

    #[test]
    fn quoted_values_stay_one_short_line() {
        assert_eq!(quoted("a \"b\"\\\n"), r#""a \"b\"\\\n""#);
        assert!(quoted(&"x".repeat(1_000_000)).chars().count() <= 122);
    }
}
