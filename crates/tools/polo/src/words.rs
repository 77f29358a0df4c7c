//! Numbers in sentences.

/// `1 failed`, `2 failed` … of what is not none, joined by commas.
pub(crate) fn parts<'a>(counts: impl IntoIterator<Item = (usize, &'a str)>) -> String {
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    parts.join(", ")
}
