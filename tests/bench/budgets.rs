//! The budgets: counts that noise cannot move, or ratios within one run.

use crate::measure::{Column, Row};
use crate::questions::Kind;
use crate::runs::RunCount;
use crate::size::grouped;

/// The most rows that a question may read; none if only its growth is bounded.
pub(crate) fn rows_at_most(row: &Row, column: &Column) -> Option<u64> {
    match row.question.kind() {
        Kind::Registry => Some(3 * column.listings),
        Kind::One => Some(row.granule_a_part),
        // The history of one account may lie across two granules.
        Kind::Keyed => Some(2 * row.granule_a_part),
        Kind::All => None,
    }
}

/// The same accounts with less history.
pub(crate) fn younger<'a>(column: &Column, columns: &'a [Column]) -> Option<&'a Column> {
    let same = |other: &&Column| {
        other.size.accounts == column.size.accounts && other.size.days < column.size.days
    };
    columns.iter().filter(same).min_by_key(|c| c.size.days)
}

/// Whether age makes a decision read more than 1.2 times as much.
pub(crate) fn grew(row: &Row, younger: &Row) -> bool {
    row.question.kind() != Kind::Keyed && row.rows_read * 5 > younger.rows_read * 6
}

/// What exceeds its budget, a sentence each.
pub(crate) fn exceeded(columns: &[Column], runs: &[RunCount]) -> Vec<String> {
    let too_many = |run: &&RunCount| run.statements > run.statements_at_most;
    let mut over: Vec<String> = runs
        .iter()
        .filter(too_many)
        .map(|run| {
            let (statements, most) = (run.statements, run.statements_at_most);
            format!(
                "the {} run makes {statements} statements, at most {most}",
                run.name
            )
        })
        .collect();
    for column in columns {
        let size = column.size;
        for (index, row) in column.rows.iter().enumerate() {
            let name = row.question.name();
            if row.question.kind() != Kind::Keyed && !row.history.is_empty() {
                let tables: Vec<&str> = row.history.iter().map(String::as_str).collect();
                over.push(format!(
                    "{size}: {name} reads history: {}",
                    tables.join(", ")
                ));
            }
            if let Some(most) = rows_at_most(row, column).filter(|most| row.rows_read > *most) {
                let (rows, most) = (grouped(row.rows_read), grouped(most));
                over.push(format!("{size}: {name} reads {rows} rows, at most {most}"));
            }
            let before = younger(column, columns).map(|younger| &younger.rows[index]);
            if let Some(before) = before.filter(|before| grew(row, before)) {
                let (rows, before) = (grouped(row.rows_read), grouped(before.rows_read));
                over.push(format!("{size}: {name} reads {rows} rows, at most 1.2 times the {before} of a younger database"));
            }
        }
    }
    over
}
