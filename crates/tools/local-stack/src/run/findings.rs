//! What people ask first of the collected data, each a few rows. INVARIANT: the title says how many rows there are, if some are left out.

use super::database::Database;
use crate::error::StackError;
use crate::screen::Screen;
use polo_core::text::counted;

/// Rows that are shown.
const SHOWN: usize = 5;

struct Finding {
    title: &'static str,
    /// What a row is, in the singular.
    row: &'static str,
    sql: &'static str,
}

/// The tables with their titles; a table without rows is left out.
pub(super) async fn lines(database: &Database, screen: Screen) -> Result<Vec<String>, StackError> {
    let mut lines = Vec::new();
    for finding in &FINDINGS {
        let mut rows = database.cells(finding.sql).await?;
        if rows.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(title(finding, rows.len()));
        rows.truncate(SHOWN);
        lines.extend(screen.columns(&rows));
    }
    Ok(lines)
}

fn title(finding: &Finding, rows: usize) -> String {
    if rows <= SHOWN {
        return finding.title.to_owned();
    }
    let all = counted(rows as u64, finding.row);
    format!("{} (top five of {all})", finding.title)
}

const FINDINGS: [Finding; 5] = [
    Finding {
        title: "Payers",
        row: "payer",
        sql: "SELECT if(payer_account_id = '', 'unknown', payer_account_id), payer_account_name,
                  concat('pays for ', toString(length(accounts)), if(length(accounts) = 1, ' account', ' accounts')),
                  if(visible, 'cost data is readable', concat(gap, ': ', explanation))
              FROM v_payers ORDER BY payer_account_id",
    },
    Finding {
        title: "Costs of the last 30 days",
        row: "account",
        sql: "SELECT account_id, account_name, concat(leftPad(toString(round(last_30_days, 2)), 10), ' ', currency)
              FROM v_cost_by_account WHERE last_30_days IS NOT NULL ORDER BY last_30_days DESC",
    },
    Finding {
        title: "What collecting cost",
        row: "collector",
        sql: "SELECT collector, concat(toString(sum(units)), ' ', any(unit), if(sum(units) = 1, '', 's')),
                  concat(leftPad(toString(round(sum(cost_usd), 4)), 10), ' USD')
              FROM billed_calls FINAL GROUP BY collector ORDER BY collector",
    },
    Finding {
        title: "Probably idle",
        row: "reason",
        sql: "SELECT leftPad(toString(count()), 9), reason,
                  replaceOne(concat(any(account_id), ' ', any(region), ': ', any(why)), 'has 1 targets', 'has 1 target')
              FROM v_idle_resources GROUP BY reason ORDER BY count() DESC, reason",
    },
    Finding {
        title: "Savings Plans",
        row: "plan",
        sql: "SELECT account_name, toString(savings_plan_type), concat(toString(commitment_per_hour), ' ', currency, '/h'), toString(state),
                  concat(toString(days_left), if(days_left = 1, ' day left', ' days left')),
                  ifNull(concat(toString(round(utilization_percent, 1)), ' % used'), 'use unknown')
              FROM v_savings_plans ORDER BY days_left",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_says_what_is_left_out() {
        assert_eq!(title(&FINDINGS[1], 5), "Costs of the last 30 days");
        assert_eq!(
            title(&FINDINGS[1], 13),
            "Costs of the last 30 days (top five of 13 accounts)"
        );
    }
}
