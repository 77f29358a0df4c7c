//! How an account stands, why, and what to run.

use maud::{Markup, html};
use polo_core::status_reason::explain;
use polo_core::{PoloStatus, Timestamp};
use polo_report::words;
use polo_store::accounts::{AccountDetails, AccountRow};

use super::{Said, about, or};
use crate::document::{ago, capitalized, moment};
use crate::rows;

pub(super) fn banner(
    account: &AccountRow,
    details: &AccountDetails,
    now: Timestamp,
    said: &mut Said,
) -> Markup {
    let (class, mark) = match account.polo_status.parse() {
        Ok(PoloStatus::Active) if account.last_scan_error.is_empty() => ("calm", "k"),
        Ok(PoloStatus::Active) => ("warn", "g"),
        Ok(PoloStatus::Excluded) => ("plain", "x"),
        Ok(PoloStatus::NoAccess | PoloStatus::PendingSetup) | Err(_) => ("alarm", "b"),
    };
    html! {
        section class={ "banner " (class) } aria-label="Status" {
            p {
                strong class={ "s " (mark) } { (capitalized(words::status(&account.polo_status))) }
                ": " (explain(&account.status_reason, &account.last_check_class)) "."
            }
            @if account.excluded_by_operator {
                p {
                    "Excluded by " (or(&account.excluded_by, "an unknown author"))
                    @match account.excluded_until {
                        Some(until) => { " until " (moment(until)) },
                        None => " without an end",
                    }
                    ": " (or(&account.excluded_reason, "no reason given"))
                }
            }
            @if let Some(at) = account.last_check_at {
                p { "The read role was last checked " (ago(at, now)) ": " (account.last_check_verdict) "." }
            }
            @if !account.last_scan_error.is_empty() { p { "Worst gap: " (rows::gap(account)) "." } }
            @if class == "alarm" {
                p { "To check it now: " code { "polo verify --account " (account.account_id) } }
            }
            (said.fold(messages(account, details).into_iter()))
        }
    }
}

fn messages(account: &AccountRow, details: &AccountDetails) -> [String; 3] {
    let gap = account.gap();
    [
        about(&details.last_check_code, &account.last_check_message),
        gap.map(|gap| about(gap.collector, gap.message))
            .unwrap_or_default(),
        account.stack_status_reason.clone(),
    ]
}
