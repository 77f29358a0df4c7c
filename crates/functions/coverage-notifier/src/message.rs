//! The message for Slack, in Block Kit. Pure.
//!
//! Invariants: one message, whatever the number of accounts, within every limit of Slack's; text that comes from AWS
//! is escaped and mentions nobody.
//!
//! Sources: <https://docs.slack.dev/reference/block-kit/blocks>,
//! <https://docs.slack.dev/messaging/formatting-message-text>

use std::collections::{BTreeMap, BTreeSet};

use polo_core::{AccountId, Timestamp};
use polo_store::notices::ConcernKind;
use serde_json::{Value, json};

use crate::plan::{Plan, Told};
use crate::words::cause_in_words;

/// So many accounts of a cause are named, the others counted.
const NAMED: usize = 10;

/// Sections for causes; with header, rest and context this is well within Slack's 50 blocks.
const SECTIONS: usize = 30;

/// Slack takes 3,000 characters a section. What is counted is UTF-16, which is never less than Slack's count.
const SECTION_UNITS: usize = 2_900;

/// All texts of a message together. Slack's limit is not documented; messages were refused (`msg_blocks_too_long`)
/// from 11,300 characters on: <https://github.com/slackapi/bolt-js/issues/2867>
const MESSAGE_UNITS: usize = 9_000;

/// An account's name has 50 characters at most (CreateAccount); one that an operator wrote may be longer.
const NAME_CHARACTERS: usize = 60;

/// AWS's words of one account are an example, not a log.
const DETAIL_CHARACTERS: usize = 300;

/// What a message says beside the changes.
pub(crate) struct Frame<'a> {
    /// The environment, because several may tell one channel.
    pub(crate) env: &'a str,
    /// The status page, where there is one for people.
    pub(crate) page_url: Option<&'a str>,
    /// When.
    pub(crate) now: Timestamp,
}

/// One line of the message: what accounts have in common.
struct Group<'a> {
    title: String,
    accounts: Vec<(&'a str, &'a AccountId)>,
    detail: Option<(&'a str, &'a str)>,
}

/// The message that tells a plan.
pub(crate) fn message(plan: &Plan, frame: &Frame<'_>) -> Value {
    let headline = headline(plan, frame.env);
    let groups = groups(plan, frame.now);
    let mut blocks = vec![json!({
        "type": "header", "text": {"type": "plain_text", "text": headline, "emoji": false}
    })];
    let mut units = 0;
    let mut shown = 0;
    for group in groups.iter().take(SECTIONS) {
        let text = section(group);
        units += width(&text);
        if units > MESSAGE_UNITS {
            break;
        }
        shown += 1;
        blocks.push(json!({"type": "section", "text": mrkdwn(&text)}));
    }
    let rest = &groups[shown..];
    if !rest.is_empty() {
        let accounts: usize = rest.iter().map(|group| group.accounts.len()).sum();
        let text = format!(
            "*And {} with {}*: `polo accounts list` shows them all.",
            counted(rest.len(), "more cause"),
            counted(accounts, "account")
        );
        blocks.push(json!({"type": "section", "text": mrkdwn(&text)}));
    }
    let mut context = format!(
        "{} UTC · `polo accounts show ID` shows one account",
        frame.now.format("%Y-%m-%d %H:%M")
    );
    if let Some(url) = frame.page_url {
        context.push_str(&format!(" · <{}|status page>", escaped(url)));
    }
    blocks.push(json!({"type": "context", "elements": [mrkdwn(&context)]}));
    // `text` is what a notification and a screen reader say.
    json!({"text": escaped(&headline), "blocks": blocks})
}

/// `verbatim`: Slack makes no link and no mention of what merely looks like one.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// How many accounts need what, in a line.
fn headline(plan: &Plan, env: &str) -> String {
    let count = |ids: BTreeSet<&AccountId>| ids.len();
    let new = count(accounts_of(&plan.opened));
    let still = count(accounts_of(&plan.still_open));
    let well = count(accounts_of(&plan.healed));
    let verb = |n: usize, one: &'static str, many: &'static str| if n == 1 { one } else { many };
    let mut parts = Vec::new();
    if new > 0 {
        parts.push(format!(
            "{} {} attention",
            counted(new, "account"),
            verb(new, "needs", "need")
        ));
    }
    if still > 0 {
        parts.push(format!(
            "{} still {} attention",
            counted(still, "account"),
            verb(still, "needs", "need")
        ));
    }
    if well > 0 {
        parts.push(format!(
            "{} {} well again",
            counted(well, "account"),
            verb(well, "is", "are")
        ));
    }
    format!("Polo {env}: {}", parts.join(", "))
}

fn accounts_of<T>(told: &[Told<T>]) -> BTreeSet<&AccountId> {
    told.iter().map(|told| &told.notice.account_id).collect()
}

/// What is told, by cause: the new first, then the old, then what is over; of each the largest first.
fn groups(plan: &Plan, now: Timestamp) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    for (old, list) in [(false, &plan.opened), (true, &plan.still_open)] {
        let mut by_cause: BTreeMap<(ConcernKind, &str, i64), Group<'_>> = BTreeMap::new();
        for told in list {
            let concern = &told.what;
            let days = if old {
                (now - told.notice.opened_at).num_days()
            } else {
                0
            };
            let group = by_cause
                .entry((concern.kind, &concern.cause, days))
                .or_insert_with(|| Group {
                    title: escaped(&cause_in_words(concern.kind, &concern.cause)),
                    accounts: Vec::new(),
                    detail: None,
                });
            group
                .accounts
                .push((&concern.account_name, &concern.account_id));
            if group.detail.is_none() && !concern.detail.is_empty() {
                group.detail = Some((&concern.account_name, &concern.detail));
            }
        }
        let mut ordered: Vec<_> = by_cause.into_iter().collect();
        ordered.sort_by_key(|((kind, _, days), group)| {
            (*kind, -days, std::cmp::Reverse(group.accounts.len()))
        });
        for ((_, _, days), mut group) in ordered {
            let accounts = counted(group.accounts.len(), "account");
            group.title = if old {
                format!(
                    "Still, after {}, {accounts}: {}",
                    counted(usize::try_from(days).unwrap_or_default(), "day"),
                    group.title
                )
            } else {
                format!("{accounts}: {}", group.title)
            };
            groups.push(group);
        }
    }
    for (kind, words) in [
        (ConcernKind::Access, "Visible again"),
        (ConcernKind::Collecting, "Collected whole again"),
    ] {
        let accounts: Vec<_> = plan
            .healed
            .iter()
            .filter(|told| told.notice.kind == kind)
            .map(|told| (told.what.account_name.as_str(), &told.notice.account_id))
            .collect();
        if !accounts.is_empty() {
            groups.push(Group {
                title: format!("{words}: {}", counted(accounts.len(), "account")),
                accounts,
                detail: None,
            });
        }
    }
    groups
}

/// A cause and its accounts by name, as many as there is room for.
fn section(group: &Group<'_>) -> String {
    let mut text = format!("*{}*\n", group.title);
    let example = match group.detail {
        None => String::new(),
        Some((name, detail)) => {
            let name = escaped(&shortened(name, NAME_CHARACTERS));
            let detail = escaped(&shortened(detail, DETAIL_CHARACTERS));
            match group.accounts.len() {
                1 => format!("\n{detail}"),
                _ => format!("\n_For example {name}_: {detail}"),
            }
        }
    };
    // Room for the words that count the others.
    let room = SECTION_UNITS - width(&example) - 40;
    let mut named = 0;
    for (name, id) in group.accounts.iter().take(NAMED) {
        let name = shortened(name, NAME_CHARACTERS);
        let account = if name.is_empty() {
            id.to_string()
        } else {
            format!("{} ({id})", escaped(&name))
        };
        let separator = if named == 0 { "" } else { ", " };
        if width(&text) + width(&account) + 2 > room {
            break;
        }
        text.push_str(separator);
        text.push_str(&account);
        named += 1;
    }
    let others = group.accounts.len() - named;
    if others > 0 {
        text.push_str(&format!(" and {others} more"));
    }
    text + &example
}

/// `1 account`, `2 accounts`.
fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// One line of so many characters at most.
fn shortened(text: &str, characters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= characters {
        return line;
    }
    let kept: String = line.chars().take(characters - 1).collect();
    format!("{kept}…")
}

/// Slack's three control characters as text.
///
/// Source: <https://docs.slack.dev/messaging/formatting-message-text#escaping>
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn width(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use polo_store::accounts::AccountRow;
    use polo_store::notices::Notice;

    use super::*;
    use crate::testing::{account, at};

    fn frame(now: Timestamp) -> Frame<'static> {
        Frame {
            env: "dev",
            page_url: Some("https://polo.example.com/?a=1&b=2"),
            now,
        }
    }

    fn id(n: usize) -> String {
        format!("{n:012}")
    }

    fn dark(n: usize, name: &str, reason: &str) -> AccountRow {
        let status = match reason {
            "deployed_but_denied" | "denied_after_success" => "no_access",
            _ => "pending_setup",
        };
        AccountRow {
            account_name: name.to_owned(),
            ..account(&id(n), status, reason)
        }
    }

    fn with_gap(n: usize, gap: &str) -> AccountRow {
        AccountRow {
            last_scan_error: gap.to_owned(),
            ..account(&id(n), "active", "role_works")
        }
    }

    fn opened(accounts: &[AccountRow]) -> Vec<Notice> {
        Plan::of(accounts, &[], at(24)).unwrap().notices()
    }

    fn told(accounts: &[AccountRow], open: &[Notice], hour: i64) -> Value {
        let plan = Plan::of(accounts, open, at(hour)).unwrap();
        message(&plan, &frame(at(hour)))
    }

    /// The texts of the blocks.
    fn texts(message: &Value) -> Vec<String> {
        let text = |block: &Value| {
            let text = block["text"]["text"].as_str();
            let text = text.or_else(|| block["elements"][0]["text"].as_str());
            text.expect("a text").to_owned()
        };
        let blocks = message["blocks"].as_array().expect("blocks");
        blocks.iter().map(text).collect()
    }

    /// Slack's limits: <https://docs.slack.dev/reference/block-kit/blocks>
    fn assert_within_limits(message: &Value) {
        let texts = texts(message);
        assert!(texts.len() <= 50, "{} blocks", texts.len());
        assert!(width(&texts[0]) <= 150, "{}", texts[0]);
        for text in &texts {
            assert!((1..=3_000).contains(&width(text)), "{}", width(text));
        }
        let all: usize = texts.iter().map(|text| width(text)).sum();
        assert!(all < 11_000, "{all}");
    }

    #[test]
    fn new_old_and_over_are_grouped_by_cause() {
        let mut stuck = dark(5, "stuck", "deployment_not_current");
        stuck.stack_status_reason =
            "ResourceLogicalId:ReadRole,\n ResourceType:AWS::IAM::Role, exists <already>"
                .to_owned();
        let before = [
            dark(1, "old", "denied_after_success"),
            dark(2, "well", "never_set_up"),
            with_gap(3, "cost: denied: ce:GetCostAndUsage: no"),
        ];
        let now = [
            before[0].clone(),
            dark(4, "new & <shiny>", "deployed_but_denied"),
            stuck,
            dark(6, "", "deployed_but_denied"),
            account(&id(2), "active", "role_works"),
            account(&id(3), "active", "role_works"),
            with_gap(
                7,
                "config_ec2/eu-west-1: denied_by_scp: ec2:DescribeInstances: an explicit deny",
            ),
        ];
        insta::assert_json_snapshot!(told(&now, &opened(&before), 24 * 9));
    }

    #[test]
    fn headlines_count_accounts() {
        let one = [dark(1, "a", "never_set_up")];
        let two = [one[0].clone(), dark(2, "b", "never_set_up")];
        let well = |rows: &[AccountRow]| -> Vec<AccountRow> {
            rows.iter()
                .map(|row| account(&row.account_id, "active", "role_works"))
                .collect()
        };
        let line = |accounts: &[AccountRow], open: &[Notice], hour| {
            texts(&told(accounts, open, hour))[0].clone()
        };
        for (line, expected) in [
            (line(&one, &[], 24), "Polo dev: 1 account needs attention"),
            (line(&two, &[], 24), "Polo dev: 2 accounts need attention"),
            (
                line(&one, &opened(&one), 48),
                "Polo dev: 1 account still needs attention",
            ),
            (
                line(&well(&one), &opened(&one), 48),
                "Polo dev: 1 account is well again",
            ),
            (
                line(&well(&two), &opened(&two), 48),
                "Polo dev: 2 accounts are well again",
            ),
            (
                line(&two, &opened(&one), 48),
                "Polo dev: 1 account needs attention, 1 account still needs attention",
            ),
        ] {
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn names_are_escaped_kept_to_a_line_and_mention_nobody() {
        for (name, shown) in [
            (
                "R&D <!channel> <@U123|x>",
                "R&amp;D &lt;!channel&gt; &lt;@U123|x&gt;",
            ),
            ("two\nlines\t here", "two lines here"),
            (&"n".repeat(200), &format!("{}…", "n".repeat(59))),
            ("ü🚀", "ü🚀"),
        ] {
            let message = told(&[dark(1, name, "never_set_up")], &[], 24);
            let text = &texts(&message)[1];
            assert!(text.ends_with(&format!("\n{shown} ({})", id(1))), "{text}");
            assert_eq!(message["blocks"][1]["text"]["verbatim"], true);
        }
    }

    #[test]
    fn a_first_run_with_500_concerns_is_one_readable_message() {
        let accounts: Vec<AccountRow> = (0..500)
            .map(|n| dark(n, &format!("account {n}"), "never_set_up"))
            .collect();
        let message = told(&accounts, &[], 24);
        assert_within_limits(&message);
        let texts = texts(&message);
        assert_eq!(texts.len(), 3);
        assert!(texts[1].starts_with("*500 accounts: the read role is not set up"));
        assert!(
            texts[1].ends_with("account 9 (000000000009) and 490 more"),
            "{}",
            texts[1]
        );
    }

    #[test]
    fn the_worst_names_and_the_most_causes_stay_within_slacks_limits() {
        let name = "&".repeat(100);
        let accounts: Vec<AccountRow> = (0..2_000)
            .map(|n| {
                let mut row = with_gap(
                    n,
                    &format!("collector{}: denied: {}", n % 100, "<".repeat(5_000)),
                );
                row.account_name.clone_from(&name);
                row
            })
            .collect();
        let message = told(&accounts, &[], 24);
        assert_within_limits(&message);
        let texts = texts(&message);
        let rest = &texts[texts.len() - 2];
        let shown = texts.len() - 3;
        assert_eq!(
            *rest,
            format!(
                "*And {} more causes with {} accounts*: `polo accounts list` shows them all.",
                100 - shown,
                2_000 - 20 * shown
            )
        );
        assert!(shown > 2, "{texts:?}");
    }

    #[test]
    fn many_small_causes_end_in_a_count() {
        let accounts: Vec<AccountRow> = (0..40)
            .map(|n| with_gap(n, &format!("c{n}: denied: no")))
            .collect();
        let message = told(&accounts, &[], 24);
        assert_within_limits(&message);
        assert!(texts(&message)[31].starts_with("*And 10 more causes with 10 accounts*"));
    }
}
