//! The table that the README quotes.

use crate::budgets::{grew, rows_at_most, younger};
use crate::measure::Column;
use crate::questions::{Kind, QUESTIONS};
use crate::runs::RunCount;
use crate::size::grouped;

/// Prints what every question costs in every database, then the statements of a run.
pub(crate) fn print(columns: &[Column], runs: &[RunCount]) {
    let mut head = vec!["Rows read, time".to_owned()];
    for column in columns {
        head.push(column.size.to_string());
        if younger(column, columns).is_some() {
            head.push("growth".to_owned());
        }
    }
    head.extend(["budget".to_owned(), "history".to_owned()]);
    let mut lines = vec![head];
    for (index, question) in QUESTIONS.iter().enumerate() {
        let mut line = vec![question.name().to_owned()];
        for column in columns {
            let row = &column.rows[index];
            let over = rows_at_most(row, column).is_some_and(|most| row.rows_read > most);
            line.push(format!(
                "{}{}, {} ms",
                grouped(row.rows_read),
                if over { "!" } else { "" },
                row.took.as_millis()
            ));
            if let Some(younger) = younger(column, columns) {
                let before = &younger.rows[index];
                let hundredths = (row.rows_read * 100).div_ceil(before.rows_read.max(1));
                line.push(format!(
                    "× {}.{:02}{}",
                    hundredths / 100,
                    hundredths % 100,
                    if grew(row, before) { "!" } else { "" }
                ));
            }
        }
        line.push(
            match question.kind() {
                Kind::Registry => "3 rows a listing, growth × 1.2",
                Kind::All => "growth × 1.2",
                Kind::One => "1 granule a part, growth × 1.2",
                Kind::Keyed => "2 granules a part",
            }
            .to_owned(),
        );
        let tables = columns
            .iter()
            .flat_map(|column| &column.rows[index].history);
        let mut tables: Vec<&str> = tables.map(String::as_str).collect();
        tables.sort_unstable();
        tables.dedup();
        line.push(tables.join(", "));
        lines.push(line);
    }
    print_aligned(&lines);
    println!(
        "\nA granule has 8,192 rows; a part that is little larger has one granule. ! marks a count over its budget.\n"
    );
    let mut lines = vec![
        [
            "config_ec2, 17 regions",
            "statements",
            "at most",
            "peak memory",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for run in runs {
        lines.push(vec![
            format!("{} run of a process", run.name),
            run.statements.to_string(),
            run.statements_at_most.to_string(),
            format!("{} MiB", run.peak_mib),
        ]);
    }
    print_aligned(&lines);
}

/// Prints a Markdown table whose columns are as wide as their widest cell.
fn print_aligned(lines: &[Vec<String>]) {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    for (index, line) in lines.iter().enumerate() {
        let cells = line.iter().enumerate();
        let cells: Vec<String> = cells
            .map(|(column, cell)| format!("{cell:<0$}", width(column).unwrap_or(0)))
            .collect();
        println!("| {} |", cells.join(" | "));
        if index == 0 {
            let rules: Vec<String> = (0..line.len())
                .map(|column| "-".repeat(width(column).unwrap_or(0)))
                .collect();
            println!("| {} |", rules.join(" | "));
        }
    }
}
