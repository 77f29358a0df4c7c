//! Ids of OUs and roots in the page's addresses.

/// An id of a root or an OU, or the word for neither.
pub(crate) fn is_node_id(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let begins = text == "outside" || text.starts_with("ou-") || text.starts_with("r-");
    begins && text.len() <= 80 && text.bytes().all(legal)
}
