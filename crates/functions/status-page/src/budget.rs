//! How large an answer may be. Invariant: no answer is larger than a load balancer passes on, however many accounts there
//! are and whatever they are called.

/// A load balancer takes 1 MB from a function, counted as the JSON that holds the answer; the rest is for headers.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
pub(crate) const ANSWER_BYTES_AT_MOST: usize = 1_000_000;

/// What people or AWS wrote may be of any length; of it so many characters are shown.
pub(crate) const TEXT_CHARACTERS: usize = 500;

/// How many bytes a body takes as a string in JSON.
pub(crate) fn json_bytes(body: &str) -> usize {
    body.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
            0..0x20 => 6,
            _ => 1,
        })
        .sum()
}

/// A text that is cut to this many characters.
pub(crate) fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_as_json_writes_them() {
        for text in [
            "",
            "plain",
            "\"quoted\" \\ and\nnew\tline\r",
            "\u{1}",
            "Zürich",
        ] {
            let written = serde_json::to_string(text).unwrap().len() - 2;
            assert_eq!(json_bytes(text), written, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("Zürich", 6), "Zürich");
        assert_eq!(cut("Zürich", 2), "Zü…");
    }
}
