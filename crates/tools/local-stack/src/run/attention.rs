//! What needs attention: the accounts that Polo cannot read and the gaps in those that it reads, by reason in words.
//! INVARIANT: every account in `v_account_coverage` is in exactly one group.

use polo_core::text::counted;
use std::collections::BTreeMap;

use polo_core::status_reason;
use polo_report::gap::cause_in_words;
use serde::Deserialize;

use super::database::Database;
use crate::error::StackError;
use crate::screen::Screen;

/// An account that lacks visibility.
#[derive(Debug, Deserialize)]
pub(super) struct Incident {
    account_id: String,
    account_name: String,
    polo_status: String,
    status_reason: String,
    last_check_class: String,
    gap_class: String,
    gap_action: String,
    incomplete: u64,
}

const INCIDENTS: &str = "
    SELECT account_id, a.account_name AS account_name, toString(a.polo_status) AS polo_status,
        toString(a.status_reason) AS status_reason, toString(a.last_check_class) AS last_check_class,
        a.gap_class AS gap_class, a.gap_action AS gap_action, i.incomplete AS incomplete
    FROM v_account_coverage AS c INNER JOIN v_accounts AS a USING account_id
    LEFT JOIN
    (
        SELECT account_id, uniqExact(collector) AS incomplete FROM collector_runs FINAL WHERE outcome != 'complete' GROUP BY account_id
    ) AS i USING account_id
    ORDER BY polo_status, status_reason, account_id";

impl Incident {
    pub(super) async fn all(database: &Database) -> Result<Vec<Self>, StackError> {
        database.rows(INCIDENTS).await
    }

    fn has_gap(&self) -> bool {
        self.polo_status == "active"
    }

    fn reason(&self) -> String {
        let words = match self.gap_class.as_str() {
            class if self.has_gap() && !class.is_empty() => {
                let collectors = counted(self.incomplete, "collector");
                let cause = cause_in_words(class, &self.gap_action);
                format!("Data of {collectors} is incomplete: {cause}")
            }
            _ => status_reason::explain(&self.status_reason, &self.last_check_class).into_owned(),
        };
        let mut characters = words.chars();
        let first = characters
            .next()
            .map(|first| first.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), characters.as_str())
    }
}

/// A line that counts, then a paragraph for each reason with its accounts.
pub(super) fn lines(incidents: &[Incident], screen: Screen) -> Vec<String> {
    if incidents.is_empty() {
        return vec!["Nothing needs attention.".to_owned()];
    }
    let gaps = incidents
        .iter()
        .filter(|incident| incident.has_gap())
        .count();
    let parts = [
        (incidents.len() - gaps, "Polo cannot read"),
        (gaps, "with incomplete data"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", counted(number as u64, "account")))
        .collect();
    let mut lines = vec![format!("Needs attention: {}", parts.join(", "))];
    let mut groups: Vec<(String, Vec<&Incident>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for incident in incidents {
        let reason = incident.reason();
        let place = *places.entry(reason.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((reason, Vec::new()));
        }
        groups[place].1.push(incident);
    }
    for (reason, accounts) in groups {
        lines.extend(screen.paragraph(&reason, "  ", "  "));
        for account in accounts {
            let line = format!("{}  {}", account.account_id, account.account_name);
            lines.extend(screen.paragraph(&line, "      ", "          "));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(name: &str, status: &str, reason: &str, class: &str, gap: [&str; 2]) -> Incident {
        Incident {
            account_id: "411303252912".to_owned(),
            account_name: name.to_owned(),
            polo_status: status.to_owned(),
            status_reason: reason.to_owned(),
            last_check_class: class.to_owned(),
            gap_class: gap[0].to_owned(),
            gap_action: gap[1].to_owned(),
            incomplete: 7,
        }
    }

    #[test]
    fn accounts_stand_under_their_reason() {
        let gap = ["denied_by_scp", "ec2:DescribeInstances"];
        let none = ["", ""];
        let incidents = [
            incident("vault", "active", "role_works", "", gap),
            incident(
                "billing",
                "no_access",
                "deployed_but_denied",
                "denied",
                none,
            ),
            incident(
                "people",
                "no_access",
                "deployed_but_denied",
                "denied_by_rcp",
                none,
            ),
            incident("portal", "no_access", "deployed_but_denied", "denied", none),
        ];
        let lines = lines(&incidents, Screen { width: 200 });
        assert_eq!(
            lines[0],
            "Needs attention: 3 accounts Polo cannot read, 1 account with incomplete data"
        );
        assert!(
            lines[1].starts_with("  Data of 7 collectors is incomplete: "),
            "{lines:#?}"
        );
        assert!(lines[1].contains("(ec2:DescribeInstances)"), "{lines:#?}");
        assert_eq!(lines[2], "      411303252912 vault");
        assert_eq!(
            lines.len(),
            8,
            "two denied accounts share a reason: {lines:#?}"
        );
        assert!(lines[6].contains("resource control policy"), "{lines:#?}");
        assert_eq!(
            super::lines(&[], Screen { width: 80 }),
            ["Nothing needs attention."]
        );
    }
}
