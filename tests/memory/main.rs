//! A collector's memory does not grow with the account: pages go to the database while others still arrive.
//!
//! The real function as a process of its own, invoked through Lambda's runtime API, on the real engine, and an EC2
//! that answers with as many instances as a test wants. What is compared is the kernel's own peak (`VmHWM`).

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up may panic"
)]

mod account;
mod lambda;

use polo_core::CollectorManifest;
use polo_testkit::clickhouse::{binary, engine_url, fresh_store};
use polo_testkit::{accounts, sql};

use crate::account::{ACCOUNT, Account};
use crate::lambda::Lambda;

const MANIFEST: &str = include_str!("../../crates/collectors/config_ec2/collector.json");
const KIB_PER_MIB: u64 = 1024;

/// Collects an account with this many instances; the function's peak in KiB after the first look and after a second
/// one, which finds everything in the database already.
async fn peaks_kib(instances: usize) -> [u64; 2] {
    let store = fresh_store().await;
    accounts::active(&store, ACCOUNT).await;
    let account = Account::with_instances(instances).await;
    let environment = [
        ("CLICKHOUSE_URL", engine_url()),
        ("CLICKHOUSE_DATABASE", store.database()),
        ("AWS_ENDPOINT_URL", account.url.as_str()),
    ];
    let mut function = Lambda::start(&binary("config_ec2"), &environment).await;
    let mut peaks = [0; 2];
    for (peak, request) in peaks.iter_mut().zip(["first", "second"]) {
        let answer = function.invoke(request, ACCOUNT).await;
        assert_eq!(answer["outcome"], "complete", "{answer}");
        assert_eq!(answer["resources_seen"], instances, "{answer}");
        *peak = function.peak_kib();
    }
    let there = sql::number(&store, "SELECT count() FROM v_resources").await;
    assert_eq!(usize::try_from(there).unwrap(), instances);
    // Of an account in which nothing changed, history says nothing the second time.
    let changes = sql::number(&store, "SELECT count() FROM resource_changes FINAL").await;
    assert_eq!(usize::try_from(changes).unwrap(), instances);
    peaks
}

#[tokio::test]
async fn a_hundred_thousand_resources_take_no_more_memory_than_ten_thousand() {
    let [few, few_again] = peaks_kib(10_000).await;
    let [many, many_again] = peaks_kib(100_000).await;
    println!(
        "peak RSS: 10,000 instances {} MiB, again {} MiB; 100,000 instances {} MiB, again {} MiB",
        few / KIB_PER_MIB,
        few_again / KIB_PER_MIB,
        many / KIB_PER_MIB,
        many_again / KIB_PER_MIB
    );
    let manifest = CollectorManifest::parse("config_ec2", MANIFEST).unwrap();
    let limit_kib = u64::from(manifest.memory_mb) * 1_000_000 / 1024;
    assert!(
        many_again < limit_kib,
        "{many_again} KiB of {limit_kib} KiB"
    );
    // Ten times the resources: the allocator's own play is a quarter, a tenth of the account kept would be more.
    assert!(
        many_again * 4 <= few_again * 5,
        "{many_again} KiB after {few_again} KiB"
    );
}
