//! The message for Slack, in Block Kit. Pure.
//!
//! Invariants: one message, whatever the number of accounts, within every limit of Slack's; text from outside is
//! printable and escaped, and mentions no user.
//!
//! Sources: <https://docs.slack.dev/reference/block-kit/blocks>,
//! <https://docs.slack.dev/messaging/formatting-message-text>

use std::collections::{BTreeMap, BTreeSet};

use polo_core::text::{clip, counted, printable};
use polo_core::{AccountId, Timestamp};
use polo_report::times::utc;
use polo_store::coverage::IncompleteCollector;
use polo_store::notices::ConcernKind;
use serde_json::{Value, json};

use crate::concerns::Concern;
use crate::plan::{Plan, Told};
use crate::totals::Totals;

/// How many accounts of a cause are named; the others are counted.
const NAMED: usize = 10;

/// How many collectors of an account are named; the others are counted.
const NAMED_COLLECTORS: usize = 5;

/// Sections for causes; with header, rest and context this is well within Slack's 50 blocks.
const SECTIONS: usize = 30;

/// Slack takes 3,000 characters a section. What is counted is UTF-16, which is never less than Slack's count.
const SECTION_UNITS: usize = 2_900;

/// All texts of a message together. Slack's limit is not documented; messages were refused (`msg_blocks_too_long`)
/// from 11,300 characters on: <https://github.com/slackapi/bolt-js/issues/2867>
const MESSAGE_UNITS: usize = 9_000;

/// An account's name has 50 characters at most (CreateAccount); one that an operator wrote may be longer.
const NAME_CHARACTERS: usize = 60;

/// A cause in words; only an unknown one can be longer.
const CAUSE_CHARACTERS: usize = 200;
const TITLE_CHARACTERS: usize = 400;

/// AWS's message for one account is an example, not a log.
const DETAIL_CHARACTERS: usize = 300;

/// What a message says beside the changes.
pub(crate) struct Frame<'a> {
    /// The environment, because several may use one channel.
    pub(crate) env: &'a str,
    /// The status page's address for people, if it has one.
    pub(crate) page_url: Option<&'a str>,
    /// The incomplete collectors of the accounts with gaps, by account.
    pub(crate) incomplete: Vec<IncompleteCollector>,
    /// How many accounts need attention in all; none if only one was asked for.
    pub(crate) totals: Option<Totals>,
    /// When.
    pub(crate) now: Timestamp,
}

/// One section of the message: what accounts have in common.
struct Group<'a> {
    title: String,
    accounts: Vec<Named<'a>>,
}

/// An account as a section names it.
struct Named<'a> {
    id: &'a AccountId,
    name: &'a str,
    owner: &'a str,
    detail: &'a str,
}

/// The message that reports a plan.
pub(crate) fn message(plan: &Plan, frame: &Frame<'_>) -> Value {
    let headline = headline(plan, frame.env);
    let groups = groups(plan, frame);
    let mut blocks = vec![json!({
        "type": "header", "text": {"type": "plain_text", "text": headline, "emoji": false}
    })];
    let mut units = 0;
    let mut shown = 0;
    for group in groups.iter().take(SECTIONS) {
        let text = section(group, frame.page_url);
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
    blocks.push(json!({"type": "context", "elements": [mrkdwn(&context(frame))]}));
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
    let healthy = count(accounts_of(&plan.healed));
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
    if healthy > 0 {
        parts.push(format!(
            "{} {} healthy again",
            counted(healthy, "account"),
            verb(healthy, "is", "are")
        ));
    }
    format!("Polo {env}: {}", parts.join(", "))
}

fn accounts_of<T>(told: &[Told<T>]) -> BTreeSet<&AccountId> {
    told.iter().map(|told| &told.notice.account_id).collect()
}

/// The totals, and where to read on.
fn context(frame: &Frame<'_>) -> String {
    let mut text = utc(frame.now);
    if let Some(totals) = frame.totals {
        text.push_str(&format!(" · {}", totals.in_words()));
    }
    text.push_str(" · `polo accounts show ID` shows one account");
    if let Some(url) = frame.page_url {
        text.push_str(&format!(" · <{}|status page>", escaped(url)));
    }
    text
}

/// What is reported, by cause: first what is new, then what lasts, then what is over; of each the largest first.
fn groups<'a>(plan: &'a Plan, frame: &'a Frame<'_>) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    for (lasts, list) in [(false, &plan.opened), (true, &plan.still_open)] {
        let mut by_cause: BTreeMap<_, Vec<&Concern>> = BTreeMap::new();
        for told in list {
            let concern = &told.what;
            let days = match lasts {
                true => (frame.now - told.notice.opened_at).num_days(),
                false => 0,
            };
            by_cause
                .entry((concern.kind, -days, &concern.cause, &concern.words))
                .or_default()
                .push(concern);
        }
        let mut ordered: Vec<_> = by_cause.into_iter().collect();
        ordered.sort_by_key(|((kind, age, ..), concerns)| {
            (*kind, *age, std::cmp::Reverse(concerns.len()))
        });
        for ((kind, age, _, words), concerns) in ordered {
            let cause = match kind {
                ConcernKind::Access => shortened(words, CAUSE_CHARACTERS),
                ConcernKind::Collecting => incomplete(words, &concerns, &frame.incomplete),
            };
            let accounts = counted(concerns.len(), "account");
            let title = match lasts {
                true => format!(
                    "{accounts} for {}: {cause}",
                    counted(usize::try_from(-age).unwrap_or_default(), "day")
                ),
                false => format!("{accounts}: {cause}"),
            };
            groups.push(Group {
                title,
                accounts: concerns
                    .iter()
                    .map(|concern| Named {
                        id: &concern.account_id,
                        name: &concern.account_name,
                        owner: &concern.owner,
                        detail: &concern.detail,
                    })
                    .collect(),
            });
        }
    }
    for (kind, words) in [
        (ConcernKind::Access, "Visible again"),
        (ConcernKind::Collecting, "Collection complete again"),
    ] {
        let accounts: Vec<Named<'_>> = plan
            .healed
            .iter()
            .filter(|told| told.notice.kind == kind)
            .map(|told| Named {
                id: &told.notice.account_id,
                name: &told.what.account_name,
                owner: "",
                detail: "",
            })
            .collect();
        if !accounts.is_empty() {
            groups.push(Group {
                title: format!("{words}: {}", counted(accounts.len(), "account")),
                accounts,
            });
        }
    }
    groups
}

/// Which collectors of these accounts are incomplete. They have the collector with the worst gap in common, and its gap in
/// `words`.
fn incomplete(words: &str, concerns: &[&Concern], all: &[IncompleteCollector]) -> String {
    let worst = concerns.first().map_or("", |concern| &concern.collector);
    let mut others = BTreeSet::new();
    let mut counts = BTreeSet::new();
    for concern in concerns {
        let of_account: BTreeSet<&str> = all
            .iter()
            .filter(|row| row.account_id == concern.account_id.as_str() && row.collector != worst)
            .map(|row| row.collector.as_str())
            .collect();
        counts.insert(of_account.len() + 1);
        others.extend(of_account);
    }
    let (worst, words) = (
        shortened(worst, NAME_CHARACTERS),
        shortened(words, CAUSE_CHARACTERS),
    );
    let most = match counts.last() {
        None | Some(1) => return format!("{worst} is incomplete: {words}"),
        Some(most) => *most,
    };
    let up_to = if counts.len() > 1 { "up to " } else { "" };
    let mut text = format!("{up_to}{most} collectors are incomplete: {worst}");
    let named = others.len().min(NAMED_COLLECTORS - 1);
    for other in others.iter().take(named) {
        text.push_str(&format!(", {}", shortened(other, NAME_CHARACTERS)));
    }
    if others.len() > named {
        text.push_str(&format!(" and {} more", others.len() - named));
    }
    format!("{text}; {worst}: {words}")
}

/// A cause and its accounts by name, as many as there is room for.
fn section(group: &Group<'_>, page_url: Option<&str>) -> String {
    let mut text = format!("*{}*", escaped(&clip(&group.title, TITLE_CHARACTERS)));
    let example = group
        .accounts
        .iter()
        .find(|account| !account.detail.is_empty());
    let mut example = example.map_or_else(String::new, |account| {
        let detail = escaped(&shortened(account.detail, DETAIL_CHARACTERS));
        match group.accounts.len() {
            1 => format!("\n{detail}"),
            _ => format!("\n_For example {}_: {detail}", called(account)),
        }
    });
    if width(&text) + width(&example) > SECTION_UNITS - 100 {
        example.clear();
    }
    // Room for the words that count the others.
    let room = SECTION_UNITS - width(&example) - 40;
    let mut named = 0;
    for account in group.accounts.iter().take(NAMED) {
        let line = line(account, page_url);
        if width(&text) + width(&line) > room {
            break;
        }
        text.push_str(&line);
        named += 1;
    }
    let others = group.accounts.len() - named;
    if others > 0 {
        text.push_str(&format!("\n• {others} more"));
    }
    text + &example
}

/// `• name (id), owner x`, where the name leads to the account's page.
fn line(account: &Named<'_>, page_url: Option<&str>) -> String {
    let (id, name) = (account.id, called(account));
    let linked = match page_url {
        Some(url) => format!("<{}accounts/{id}|{name}>", escaped(&base_of(url))),
        None => name,
    };
    let mut line = format!("\n• {linked}");
    if !account.name.trim().is_empty() {
        line.push_str(&format!(" ({id})"));
    }
    if !account.owner.is_empty() {
        let owner = escaped(&shortened(account.owner, NAME_CHARACTERS));
        line.push_str(&format!(", owner {owner}"));
    }
    line
}

/// An account's name, or its id if it has none.
fn called(account: &Named<'_>) -> String {
    match shortened(account.name, NAME_CHARACTERS) {
        name if name.is_empty() => account.id.to_string(),
        name => escaped(&name),
    }
}

/// The address below which the page's parts lie.
fn base_of(page_url: &str) -> String {
    let path = page_url.split(['?', '#']).next().unwrap_or(page_url);
    format!("{}/", path.trim_end_matches('/'))
}

/// One printable line of so many characters at most.
fn shortened(text: &str, characters: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    clip(&printable(&line), characters).into_owned()
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
    use crate::testing::{account, at, set_gap};

    fn frame(now: Timestamp) -> Frame<'static> {
        Frame {
            env: "dev",
            page_url: Some("https://polo.example.com/?a=1&b=2"),
            incomplete: Vec::new(),
            totals: None,
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
        let mut row = account(&id(n), "active", "role_works");
        set_gap(&mut row, gap);
        row
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
            AccountRow {
                owner: "R&D".to_owned(),
                ..dark(4, "new & <shiny>", "deployed_but_denied")
            },
            stuck,
            dark(6, "", "deployed_but_denied"),
            AccountRow {
                last_check_class: "denied_by_rcp".to_owned(),
                ..dark(8, "records", "deployed_but_denied")
            },
            account(&id(2), "active", "role_works"),
            account(&id(3), "active", "role_works"),
            with_gap(
                7,
                "config_ec2/eu-west-1: denied_by_scp: ec2:DescribeInstances: an explicit deny",
            ),
        ];
        let (plan, at) = (
            Plan::of(&now, &opened(&before), at(24 * 9)).unwrap(),
            at(24 * 9),
        );
        let frame = Frame {
            totals: Some(Totals::of(&now, at).unwrap()),
            ..frame(at)
        };
        insta::assert_json_snapshot!(message(&plan, &frame));
    }

    #[test]
    fn incomplete_collectors_are_named_and_counted() {
        let gap = "tags: denied: sts:AssumeRole: AccessDenied: no";
        let incomplete = |account: usize, collectors: &[&str]| -> Vec<IncompleteCollector> {
            let row = |collector: &&str| IncompleteCollector {
                account_id: id(account),
                collector: (*collector).to_owned(),
            };
            collectors.iter().map(row).collect()
        };
        let all = ["a", "b", "c", "d", "e", "tags"];
        for (rows, title) in [
            (
                vec![],
                "*2 accounts: tags is incomplete: AWS denied the call (sts:AssumeRole)*",
            ),
            (
                [incomplete(1, &["tags"]), incomplete(2, &["tags"])].concat(),
                "*2 accounts: tags is incomplete: AWS denied the call (sts:AssumeRole)*",
            ),
            (
                [incomplete(1, &all), incomplete(2, &all)].concat(),
                "*2 accounts: 6 collectors are incomplete: tags, a, b, c, d and 1 more; tags: AWS denied the call (sts:AssumeRole)*",
            ),
            (
                [incomplete(1, &["a", "tags"]), incomplete(2, &["tags"])].concat(),
                "*2 accounts: up to 2 collectors are incomplete: tags, a; tags: AWS denied the call (sts:AssumeRole)*",
            ),
        ] {
            let accounts = [with_gap(1, gap), with_gap(2, gap)];
            let plan = Plan::of(&accounts, &[], at(24)).unwrap();
            let frame = Frame {
                incomplete: rows,
                ..frame(at(24))
            };
            let message = message(&plan, &frame);
            let text = &texts(&message)[1];
            assert!(text.starts_with(title), "{text}");
        }
    }

    #[test]
    fn actions_part_groups_of_one_collector_and_class() {
        let accounts = [
            with_gap(1, "tags: denied: sts:AssumeRole: AccessDenied: no"),
            with_gap(2, "tags: denied: tag:GetResources: AccessDenied: no"),
        ];
        let texts = texts(&told(&accounts, &[], 24));
        assert!(
            texts[1].contains("AWS denied the call (sts:AssumeRole)"),
            "{texts:?}"
        );
        assert!(
            texts[2].contains("AWS denied the call (tag:GetResources)"),
            "{texts:?}"
        );
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
                "Polo dev: 1 account is healthy again",
            ),
            (
                line(&well(&two), &opened(&two), 48),
                "Polo dev: 2 accounts are healthy again",
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
    fn names_are_escaped_links_on_one_line() {
        for (name, shown) in [
            (
                "R&D <!channel> <@U123|x>",
                "R&amp;D &lt;!channel&gt; &lt;@U123|x&gt;",
            ),
            ("two\nlines\t here", "two lines here"),
            (&"n".repeat(200), &format!("{}…", "n".repeat(59))),
            ("ü🚀", "ü🚀"),
            ("\u{202e}evil\u{1b}[31m", "\\u{202e}evil\\u{1b}[31m"),
        ] {
            let message = told(&[dark(1, name, "never_set_up")], &[], 24);
            let text = &texts(&message)[1];
            let id = id(1);
            let line = format!("\n• <https://polo.example.com/accounts/{id}|{shown}> ({id})");
            assert!(text.ends_with(&line), "{text}");
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
            texts[1].ends_with("|account 9> (000000000009)\n• 490 more"),
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
                row.owner.clone_from(&name);
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
