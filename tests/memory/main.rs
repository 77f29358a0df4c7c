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

use polo_testkit::clickhouse::{binary, engine_url, fresh_store};
use polo_testkit::{accounts, sql};

use crate::account::{ACCOUNT, Account, Holds};
use crate::lambda::Lambda;

/// The most that a run holds, whatever the account.
const LIMIT_KIB: u64 = 45 * 1024;

/// Collects an account that holds this, and then that; the function's peak in KiB after each.
async fn peaks_kib(collector: &str, looks: [Holds; 2]) -> [u64; 2] {
    let store = fresh_store().await;
    accounts::active(&store, ACCOUNT).await;
    let account = Account::that(looks[0]).await;
    let environment = [
        ("CLICKHOUSE_URL", engine_url()),
        ("CLICKHOUSE_DATABASE", store.database()),
        ("AWS_ENDPOINT_URL", account.url.as_str()),
    ];
    let mut function = Lambda::start(&binary(collector), &environment).await;
    let mut peaks = [0; 2];
    for (number, holds) in looks.into_iter().enumerate() {
        account.becomes(holds);
        let request = format!("request-{number}");
        let answer = function.invoke(&request, ACCOUNT).await;
        assert_eq!(answer["outcome"], "complete", "{answer}");
        let there = sql::number(&store, "SELECT count() FROM v_resources").await;
        assert_eq!(usize::try_from(there).unwrap(), holds.count());
        peaks[number] = function.peak_kib();
    }
    // What has not changed is no history.
    let [first, second] = looks.map(|holds| holds.count());
    let changes = sql::number(&store, "SELECT count() FROM resource_changes FINAL").await;
    assert_eq!(usize::try_from(changes).unwrap(), first + (first - second));
    println!("{collector}, {looks:?}: peak RSS {peaks:?} KiB");
    for peak in peaks {
        assert!(peak <= LIMIT_KIB, "{peak} KiB of {LIMIT_KIB} KiB");
    }
    peaks
}

#[tokio::test]
async fn a_hundred_thousand_resources_take_no_more_memory_than_ten_thousand() {
    let holds = |count| Holds::Instances {
        count,
        long_tags: 0,
    };
    let [_, few] = peaks_kib("config_ec2", [holds(10_000); 2]).await;
    let [_, many] = peaks_kib("config_ec2", [holds(100_000); 2]).await;
    // Ten times the resources: the allocator's own play is a quarter, a tenth of the account kept would be more.
    assert!(many * 4 <= few * 5, "{many} KiB after {few} KiB");
}

#[tokio::test]
async fn fifty_tags_a_resource_take_no_more() {
    let holds = |count| Holds::Instances {
        count,
        long_tags: 47,
    };
    peaks_kib("config_ec2", [holds(20_000), holds(2_000)]).await;
}

#[tokio::test]
async fn log_groups_with_long_names_take_no_more() {
    peaks_kib("log_groups", [Holds::LogGroups { count: 3_000 }; 2]).await;
}
