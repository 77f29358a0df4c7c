//! What each decision's statement reads, by the engine's own plan: no history, and of one account only its keys.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;

use chrono::DateTime;
use polo_core::{AccountId, Scope};
use polo_store::Store;
use polo_store::retention::history_tables;
use polo_testkit::clickhouse::fresh_store;
use polo_testkit::relay::Relay;
use polo_testkit::sql;
use uuid::Uuid;

/// Tables with a row per collector, setting or organization, whatever the number of accounts.
const SMALL: [&str; 3] = ["collectors", "discovery_states", "rule_settings"];

fn account() -> AccountId {
    "123456789012".parse().unwrap()
}

/// The text of a statement as the client sent it, with its parameters filled in.
fn text_of(body: &str) -> Option<String> {
    let start = ["SELECT ", "INSERT INTO aws_accounts"]
        .iter()
        .filter_map(|start| body.find(start))
        .min()?;
    let text = body[start..].split("\r\n--").next()?;
    let select = text.find("SELECT ")?;
    let text = text[select..]
        .replace("FORMAT RowBinaryWithNamesAndTypes", "")
        .replace("{accounts:Array(String)}", "['123456789012']")
        .replace(
            "{ids:Array(UUID)}",
            "['6f0c1f0e-7d3b-4c61-9a6f-0d7a3c1e2b11']",
        )
        .replace(
            "{run:UUID}",
            "toUUID('6f0c1f0e-7d3b-4c61-9a6f-0d7a3c1e2b11')",
        )
        .replace("{limit:UInt32}", "10")
        .replace("{answered:Int64}", "1")
        .replace("{failed:Int64}", "1");
    let text = text
        .split("{")
        .enumerate()
        .map(|(index, part)| match part.split_once(":String}") {
            Some((_, rest)) if index > 0 => format!("'123456789012'{rest}"),
            _ if index > 0 => format!("{{{part}"),
            _ => part.to_owned(),
        })
        .collect();
    Some(text)
}

/// For each table that a statement reads, whether its key bounds what is read.
async fn reads(store: &Store, statement: &str) -> BTreeMap<String, bool> {
    let plan = sql::lines(store, &format!("EXPLAIN indexes = 1 {statement}")).await;
    let mut tables = BTreeMap::new();
    let mut table = String::new();
    for line in plan {
        if let Some((_, rest)) = line.split_once("ReadFromMergeTree (") {
            table = rest
                .trim_end_matches(')')
                .rsplit('.')
                .next()
                .unwrap()
                .to_owned();
            tables.insert(table.clone(), false);
        }
        if line.contains("Condition: ")
            && line.contains("account_id in")
            && let Some(is_bounded) = tables.get_mut(&table)
        {
            *is_bounded = true;
        }
    }
    tables
}

/// The statements that a question makes of a store, through a relay that records them.
async fn statements(store: &Store, ask: impl AsyncFnOnce(&Store)) -> Vec<String> {
    let relay = Relay::to_engine().await;
    ask(&relay.store(store)).await;
    let statements: Vec<String> = relay
        .statements()
        .iter()
        .filter_map(|body| text_of(body))
        .filter(|text| !text.ends_with("toUnixTimestamp64Micro(now64(6)))"))
        .collect();
    assert!(!statements.is_empty());
    statements
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_read_no_history() {
    let store = fresh_store().await;
    accounts_with_rows(&store, 1).await;
    let asked = statements(&store, async |store| {
        store.accounts().await.unwrap();
        store.account(&account()).await.unwrap();
        store.account_details(&account()).await.unwrap();
        store
            .copy(&mut store.registry().await.unwrap())
            .await
            .unwrap();
        store.copy_account(&account()).await.unwrap();
        store.dispatch_states().await.unwrap();
        store.dispatch_states_of(&account()).await.unwrap();
        store.incomplete_collectors(&[&account()]).await.unwrap();
        store.last_listings().await.unwrap();
        store.placements_read_at("o-test").await.unwrap();
        store.paid_accounts().await.unwrap();
        store.pays(&account()).await.unwrap();
        let then = DateTime::default();
        store
            .lacking_payer(&[&account()], then, then)
            .await
            .unwrap();
        store
            .open_provisioning_attempts("polo-roles")
            .await
            .unwrap();
        store.provisioning_history("polo-roles").await.unwrap();
        store
            .provisioning_operations_begun(&[Uuid::nil()])
            .await
            .unwrap();
        store.rollout().await.unwrap();
        store.open_notices().await.unwrap();
    })
    .await;
    assert!(asked.len() >= 20, "{asked:#?}");
    for statement in asked {
        let tables = reads(&store, &statement).await;
        assert!(!tables.is_empty(), "{statement}");
        for table in history_tables().unwrap() {
            assert!(!tables.contains_key(&table), "{table}: {statement}");
        }
    }
}

/// Every question about one account.
async fn of_one_account(store: &Store) {
    store.account(&account()).await.unwrap();
    store.account_details(&account()).await.unwrap();
    store.copy_account(&account()).await.unwrap();
    store.dispatch_states_of(&account()).await.unwrap();
    store.incomplete_collectors(&[&account()]).await.unwrap();
    store.pays(&account()).await.unwrap();
    let then = DateTime::default();
    store
        .lacking_payer(&[&account()], then, then)
        .await
        .unwrap();
    store
        .checks_already_made(&[(account(), Uuid::nil())])
        .await
        .unwrap();
    let ec2 = "config_ec2".parse().unwrap();
    for scope in [Scope::Region, Scope::AccountAndPayer] {
        let account = account();
        let admission = store.admission(&account, &ec2, Uuid::nil(), scope);
        admission.await.unwrap();
    }
    store.newest_full_runs(&account()).await.unwrap();
    store.access_history(&account(), 10).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_is_read_by_its_key() {
    let store = fresh_store().await;
    accounts_with_rows(&store, 1).await;
    let asked = statements(&store, of_one_account).await;
    assert!(asked.len() >= 12, "{asked:#?}");
    for statement in asked {
        for (table, is_bounded) in reads(&store, &statement).await {
            assert!(
                is_bounded || SMALL.contains(&table.as_str()),
                "{table} is read whole: {statement}"
            );
        }
    }
}

/// One account's statements select no more granules among 10,000 accounts than among 10: one of each part.
#[tokio::test(flavor = "multi_thread")]
async fn one_account_reads_the_same_among_10_and_among_10000() {
    let mut granules = Vec::new();
    for count in [10, 10_000] {
        let store = fresh_store().await;
        accounts_with_rows(&store, count).await;
        let asked = statements(&store, of_one_account).await;
        let mut of_statements = Vec::new();
        for statement in asked {
            of_statements.push(granules_of(&store, &statement).await);
        }
        granules.push(of_statements);
    }
    let [among_few, among_many] = [&granules[0], &granules[1]];
    assert_eq!(among_few.len(), among_many.len());
    for (few, many) in among_few.iter().zip(among_many) {
        // A table of few accounts may have as many parts with this one as a table of many.
        assert!((1..=*few).contains(many), "{granules:?}");
    }
}

/// How many granules a statement selects.
async fn granules_of(store: &Store, statement: &str) -> u64 {
    let plan = sql::lines(store, &format!("EXPLAIN ESTIMATE {statement}")).await;
    let marks = plan.iter().map(|line| line.rsplit('\t').next().unwrap());
    marks.map(|marks| marks.parse::<u64>().unwrap()).sum()
}

/// Rows in every table, because a plan leaves out what is empty. Of several accounts, [`account`] is in the middle.
async fn accounts_with_rows(store: &Store, count: usize) {
    let accounts = format!(
        "(SELECT toString(123456789012 + number - {}) AS id FROM numbers({count}))",
        count / 2
    );
    for (table, columns, values) in [
        (
            "account_facts",
            "account_id, organization_id, partition, account_name, org_state, membership, in_scope, org_unit, _version",
            "id, 'o-test', 'aws', 'name', 'ACTIVE', 'member', true, 'Root', 1",
        ),
        (
            "account_discoveries",
            "account_id, discovered_at",
            "id, now()",
        ),
        (
            "account_tags",
            "account_id, tags, read_at, _version",
            "id, map(), now(), 1",
        ),
        (
            "account_settings",
            "account_id, setting, value",
            "id, 'owner', 'x'",
        ),
        (
            "stack_instances",
            "account_id, stack_set_name, region, present, _version",
            "id, 'polo-roles', 'x', true, 1",
        ),
        (
            "account_payers",
            "account_id, answered, payer_account_id",
            "id, true, id",
        ),
        (
            "access_checks",
            "account_id, role_kind, verdict, checked_at",
            "id, 'read', 'success', now()",
        ),
        (
            "collector_runs",
            "account_id, collector, started_at",
            "id, 'config_ec2', now()",
        ),
        (
            "run_targets",
            "account_id, collector, region, outcome, started_at",
            "id, 'config_ec2', 'x', 'complete', now()",
        ),
        (
            "dispatches",
            "account_id, collector, outcome, requested_at",
            "id, 'config_ec2', 'accepted', now()",
        ),
        (
            "provisioning_attempts",
            "account_id, stack_set_name, action, outcome",
            "id, 'polo-roles', 'create', 'asked'",
        ),
        (
            "coverage_notices",
            "account_id, kind, resolution",
            "id, 'access', ''",
        ),
    ] {
        let insert = format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {accounts}");
        sql::execute(store, &insert).await;
    }
    for statement in [
        "INSERT INTO discovery_runs (organization_id, listing) VALUES ('o-test', 'complete')",
        "INSERT INTO collectors (collector, expected) VALUES ('config_ec2', true)",
        "INSERT INTO rule_settings (setting, value_seconds) VALUES ('propagation_grace', 1)",
    ] {
        sql::execute(store, statement).await;
    }
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
}
