//! What an account is.

use maud::{Markup, html};
use polo_core::Timestamp;
use polo_report::words;
use polo_store::accounts::{AccountDetails, AccountRow};

use crate::document::{ago, moment};

pub(super) fn list(
    account: &AccountRow,
    details: &AccountDetails,
    resources: u64,
    now: Timestamp,
) -> Markup {
    let tags: Vec<String> = account
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let text = |text: &str| html! { (text) };
    let time = |at: Option<Timestamp>| html! { @if let Some(at) = at { (moment(at)) } };
    let action_check = match account.action_verdict.as_str() {
        "" => String::new(),
        verdict if details.action_error_class.is_empty() => verdict.to_owned(),
        verdict => format!("{verdict} ({})", details.action_error_class),
    };
    let stack = words::stack_instance(&account.stack_status, &account.stack_detailed_status);
    let rows: Vec<(&str, Markup)> = vec![
        ("Account", text(&account.account_id)),
        ("E-mail", text(&account.account_email)),
        ("Purpose", text(&account.account_role)),
        ("Owner", text(&account.owner)),
        ("Organization", text(&account.organization_id)),
        (
            "State in the organization",
            text(&account.org_state.to_lowercase()),
        ),
        ("OU", text(&account.org_unit)),
        ("Ids of its OUs", text(&account.parents.join(" / "))),
        (
            "Management account",
            text(if account.is_management { "yes" } else { "" }),
        ),
        ("Membership", text(&details.membership)),
        (
            "In scope",
            text(if details.in_scope { "yes" } else { "no" }),
        ),
        ("Tags", text(&tags.join(", "))),
        (
            "Last complete scan",
            html! {
                @match account.last_successful_scan {
                    Some(at) => { (moment(at)) " (" (ago(at, now)) ")" },
                    None => "never",
                }
            },
        ),
        ("Resources", text(&resources.to_string())),
        ("Read role", text(&account.polo_read_role)),
        ("Read role first worked", time(details.first_success_at)),
        ("Read role last worked", time(details.last_success_at)),
        (
            "Denials in a row",
            text(&account.denials_in_a_row.to_string()),
        ),
        ("Next check", time(account.next_check_at)),
        ("Action role", text(&account.polo_action_role)),
        ("Action role's check", text(&action_check)),
        ("Action role checked", time(details.action_checked_at)),
        ("Read role in the StackSet", text(stack)),
        ("Joined", time(details.joined_at)),
        ("Left", time(details.left_at)),
        (
            "Discovered",
            // The epoch stands for a time that was not recorded.
            time(Some(account.discovered_at).filter(|at| *at != Timestamp::default())),
        ),
    ];
    html! {
        dl {
            @for (name, value) in rows {
                @if !value.0.is_empty() { dt { (name) } dd { (value) } }
            }
        }
    }
}
