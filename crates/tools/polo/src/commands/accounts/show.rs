//! `polo accounts show`: everything that the tables hold of one account, newest first.

use polo_core::status_reason::explain;
use polo_core::{ErrorClass, Run, Timestamp};
use polo_report::history::AccountHistory;
use polo_store::accounts::{AccountDetails, AccountRow};
use polo_store::checks::AccessCheck;
use polo_store::runs::LedgerPlace;
use polo_store::settings::StoredSetting;

use crate::cli::Show;
use crate::commands::find;
use crate::commands::runs::run_table;
use crate::error::CliError;
use crate::output::Text;
use crate::table::{self, Screen, joined};
use crate::{environment, json, output, when};

pub(crate) async fn run(arguments: &Show) -> Result<(), CliError> {
    let store = environment::store().await?;
    let id = &find::id_in(&store, &arguments.account).await?;
    let account = store.account(id).await?;
    let details = store.account_details(id).await?;
    let history = AccountHistory::read(&store, id).await?;
    let resources = store
        .resource_counts()
        .await?
        .get(id.as_str())
        .copied()
        .unwrap_or_default();
    let now = environment::now();
    if arguments.json {
        let whole = json::WholeAccount::new(&account, &details, resources);
        return output::print_json(&whole.with_history(&history, now));
    }
    let AccountHistory {
        settings,
        checks,
        runs,
        places,
    } = history;
    let screen = Screen::of_process();
    let mut text = facts(&account, &details, resources, now, screen);
    text.section("exclusion", &exclusion(&account, screen));
    text.section("decisions", &setting_table(&settings, screen));
    text.section("access checks", &check_table(&checks, screen));
    let runs_in_full = run_table(&runs, now, screen).in_full();
    text.section("runs", &runs_in_full.text());
    text.section("targets", &place_table(&runs, &places, screen));
    output::print(text)
}

fn at(time: Option<Timestamp>) -> String {
    time.map(when::utc).unwrap_or_default()
}

fn yes_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn facts(
    account: &AccountRow,
    details: &AccountDetails,
    resources: u64,
    now: Timestamp,
    screen: Screen,
) -> Text {
    let last_scan = account.last_successful_scan.map_or_else(
        || "never".to_owned(),
        |scan| format!("{} ({})", when::utc(scan), when::age(scan, now)),
    );
    let tags: Vec<String> = account
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let last_check = account.last_check_at.map_or_else(
        || "never".to_owned(),
        |check| {
            let cause = joined(&[
                &account.last_check_class,
                &details.last_check_code,
                &account.last_check_message,
            ]);
            let cause = if cause.is_empty() {
                cause
            } else {
                format!(", {cause}")
            };
            format!(
                "{} ({}){cause}",
                account.last_check_verdict,
                when::utc(check)
            )
        },
    );
    let next_check = account
        .next_check_at
        .map_or_else(|| "due now".to_owned(), when::utc);
    screen.fields(&[
        ("account", account.account_id.clone()),
        ("name", account.account_name.clone()),
        (
            "status",
            format!("{} ({})", account.polo_status, account.status_reason),
        ),
        (
            "why",
            explain(&account.status_reason, &account.last_check_class).into_owned(),
        ),
        ("last complete scan", last_scan),
        ("last scan error", account.last_scan_error.clone()),
        ("resources", resources.to_string()),
        ("e-mail", account.account_email.clone()),
        ("purpose", account.account_role.clone()),
        ("owner", account.owner.clone()),
        ("organization", account.organization_id.clone()),
        ("organization's state", account.org_state.clone()),
        ("OU", account.org_unit.clone()),
        ("parents", account.parents.join(" / ")),
        ("management account", yes_no(account.is_management)),
        ("membership", details.membership.clone()),
        ("in scope", yes_no(details.in_scope)),
        ("partition", details.partition.clone()),
        ("tags", tags.join(", ")),
        ("joined", at(details.joined_at)),
        ("left", at(details.left_at)),
        (
            "discovered",
            // The epoch stands for a time that nobody noted.
            at(Some(account.discovered_at).filter(|at| *at != Timestamp::default())),
        ),
        ("read role", account.polo_read_role.clone()),
        ("action role", account.polo_action_role.clone()),
        ("confirmed verdict", account.read_verdict.clone()),
        ("last check", last_check),
        ("denials in a row", account.denials_in_a_row.to_string()),
        ("ever worked", yes_no(account.ever_worked)),
        ("first worked", at(details.first_success_at)),
        ("last worked", at(details.last_success_at)),
        ("next check", next_check),
        (
            "action role's check",
            joined(&[&account.action_verdict, &details.action_error_class]),
        ),
        ("action role checked", at(details.action_checked_at)),
        (
            "stack instance",
            joined(&[
                &account.stack_status,
                &account.stack_detailed_status,
                &account.stack_status_reason,
            ]),
        ),
        ("role rolled out", yes_no(details.role_was_deployed)),
    ])
}

/// The exclusion in force, or the last one that was.
fn exclusion(account: &AccountRow, screen: Screen) -> Text {
    if account.excluded_by.is_empty() && account.excluded_reason.is_empty() {
        return Text::default();
    }
    screen.fields(&[
        ("in force", yes_no(account.excluded_by_operator)),
        ("decided by", account.excluded_by.clone()),
        ("why", account.excluded_reason.clone()),
        (
            "until",
            account.excluded_until.map_or_else(
                || {
                    if account.excluded_by_operator {
                        "for good".to_owned()
                    } else {
                        String::new()
                    }
                },
                when::utc,
            ),
        ),
    ])
}

fn setting_table(settings: &[StoredSetting], screen: Screen) -> Text {
    let mut table = screen
        .table(&["decided (UTC)", "setting", "value", "by", "until (UTC)"])
        .whole(&[0, 1, 4])
        .noted("why")
        .in_full();
    for setting in settings {
        let value = if setting.value.is_empty() {
            "default"
        } else {
            &setting.value
        };
        let cells = [
            table::cell(when::minute(setting.updated_at)),
            table::cell(&setting.setting),
            table::cell(value),
            table::cell(&setting.author),
            table::cell(setting.expires_at.map(when::minute).unwrap_or_default()),
        ];
        table.row(cells, &setting.reason);
    }
    table.text()
}

fn check_table(checks: &[AccessCheck], screen: Screen) -> Text {
    let mut table = screen
        .table(&["checked (UTC)", "role", "verdict", "by"])
        .whole(&[0, 1, 2, 3])
        .noted("why")
        .in_full();
    for check in checks {
        let cells = [
            table::cell(when::second(check.checked_at)),
            table::cell(check.role.as_str()),
            table::state(check.verdict.as_str()),
            table::cell(&check.checked_by),
        ];
        let why = joined(&[&check.error_class, &check.error_code, &check.message]);
        table.row(cells, &why);
    }
    table.text()
}

/// The places of each collector's newest run; older ones are in the JSON.
fn place_table(runs: &[Run], places: &[LedgerPlace], screen: Screen) -> Text {
    let mut collectors: Vec<&str> = Vec::new();
    let mut table = screen
        .table(&["collector", "region", "outcome", "resources"])
        .whole(&[0, 1, 2, 3])
        .noted("why")
        .in_full();
    for run in runs {
        if collectors.contains(&run.collector.as_str()) {
            continue;
        }
        collectors.push(run.collector.as_str());
        let own = |place: &&LedgerPlace| place.run_id == run.run_id && place.attempt == run.attempt;
        for LedgerPlace { result, .. } in places.iter().filter(own) {
            let outcome = &result.outcome;
            let cells = [
                table::cell(run.collector.as_str()),
                table::cell(result.place.as_str()),
                table::state(outcome.as_str()),
                table::number(result.resources_seen),
            ];
            let class = outcome.class().map_or("", ErrorClass::as_str);
            let why = joined(&[class, outcome.action(), outcome.message()]);
            table.row(cells, &why);
        }
    }
    table.text()
}
