//! What is said of a wrong command line. Invariant: it names the flag and the value, is short, and steers no terminal,
//! whatever was typed.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use polo_core::text::{clip, printable};

/// No refusal is longer.
const CHARACTERS: usize = 480;

/// A wrong command line, for standard error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A wrong value, in one sentence.
    Value(String),
    /// Everything else, in clap's own lines.
    Lines(String),
    /// The same, with clap's colors: nothing in it needs care. `--help` and `--version` are here as well.
    Plain,
}

impl Refusal {
    pub(crate) fn of(error: &clap::Error) -> Self {
        if let (ErrorKind::ValueValidation, Some(reason)) = (error.kind(), error.source()) {
            let flag = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::String(flag)) => format!("{}: ", name(flag)),
                _ => String::new(),
            };
            let sentence = format!("{flag}{reason}");
            return Self::Value(clip(&printable(&sentence), CHARACTERS).into_owned());
        }
        if !error.use_stderr() {
            return Self::Plain;
        }
        let text = error.render().to_string();
        let lines: Vec<String> = text
            .lines()
            .map(|line| printable(line).into_owned())
            .collect();
        let printable = lines.join("\n");
        if printable == text.trim_end_matches('\n') && text.chars().count() <= CHARACTERS {
            return Self::Plain;
        }
        Self::Lines(shortened(&lines))
    }
}

/// `--limit` of `--limit <N>`, `ACCOUNT` of `<ACCOUNT>`.
fn name(argument: &str) -> &str {
    let flag = argument.split([' ', '=']).next().unwrap_or(argument);
    flag.trim_matches(['<', '>', '.'])
}

/// The lines, each without the middle of what was typed if that is long.
fn shortened(lines: &[String]) -> String {
    const HEAD: usize = 120;
    const TAIL: usize = 60;
    let lines: Vec<String> = lines
        .iter()
        .map(|line| match line.chars().count() {
            length if length <= HEAD + TAIL => line.clone(),
            length => {
                let tail: String = line.chars().skip(length - TAIL).collect();
                format!("{}{tail}", clip(line, HEAD))
            }
        })
        .collect();
    clip(&lines.join("\n"), CHARACTERS).into_owned()
}
