//! How large an answer may be. Invariant: no answer is larger than a load balancer passes on, however many accounts there
//! are and whatever they are called.

use maud::Markup;

use crate::answer::Answer;

/// A load balancer takes 1 MB from a function, counted as the JSON that holds the answer; the rest is for headers.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
pub(crate) const ANSWER_BYTES_AT_MOST: usize = 1_000_000;

/// What people or AWS wrote may be of any length; this many characters of it are shown.
pub(crate) const TEXT_CHARACTERS: usize = 500;

/// Names are cut to these many characters in lists; an account's own page has more of them.
pub(crate) const NAME_CHARACTERS: usize = 80;

/// Rows on one page; halved while the page is too large.
pub(crate) const ROWS_AT_MOST: usize = 1_000;

/// The page with as many rows as fit.
pub(crate) fn fitting(page: impl Fn(usize) -> Markup) -> Answer {
    let mut rows = ROWS_AT_MOST;
    loop {
        let answer = Answer::html(200, page(rows));
        if rows <= 1 || json_bytes(&answer.body) <= ANSWER_BYTES_AT_MOST {
            return answer;
        }
        rows /= 2;
    }
}

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
}
