//! The queries that a README shows: what people copy has to run.

/// The SELECTs of a README's `sql` blocks, for the database of a test: one ends with a blank line, a semicolon or its
/// block.
pub fn queries(readme: &str) -> Vec<String> {
    let blocks = readme.split("```sql\n").skip(1);
    blocks
        .filter_map(|rest| rest.split("```").next())
        .flat_map(|block| block.split("\n\n").flat_map(|part| part.split(';')))
        .filter(|query| {
            let mut lines = query.lines().map(str::trim);
            lines
                .find(|line| !line.is_empty() && !line.starts_with("--"))
                .is_some_and(|line| line.starts_with("SELECT") || line.starts_with("WITH"))
        })
        .map(|query| query.trim().replace("polo.", ""))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_is_found_and_nothing_else() {
        let readme = "```\nSELECT 0\n```\n```sql\n-- One.\nSELECT 1\nFROM polo.a;\n\nSELECT 2\n\nINSERT INTO b VALUES (1);\n-- b\n```\n\
                      SELECT 3\n```sql\nSELECT 4\n```";
        assert_eq!(
            queries(readme),
            ["-- One.\nSELECT 1\nFROM a", "SELECT 2", "SELECT 4"]
        );
    }
}
