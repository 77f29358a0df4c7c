//! The statements of one collector run: the real function as a process, invoked as Lambda invokes it.

use polo_testkit::clickhouse::binary;

use crate::aws::{self, ACCOUNT};
use crate::generator;
use crate::lambda::Lambda;
use crate::server::Server;

/// The most statements of a run by hand, whatever the number of its regions: eight, four for the copy of the account, three
/// for the one batch of rows, and three for the one flush.
const STATEMENTS_AT_MOST: u64 = 8 + 4 + 3 + 3;

/// The first run of a process also asks for the columns of each table that it writes.
const TABLES: u64 = 6;

/// What a run of the collector asked the database.
pub(crate) struct RunCount {
    pub(crate) name: &'static str,
    pub(crate) statements: u64,
    pub(crate) statements_at_most: u64,
    /// The most memory that the process ever held.
    pub(crate) peak_mib: u64,
}

/// Counts a first run and a second one, which finds everything in the database already.
pub(crate) async fn count(server: &Server) -> Vec<RunCount> {
    let store = server.store("bench_runs");
    generator::migrated(&store).await;
    for sql in [
        "INSERT INTO account_facts (account_id, organization_id, partition, account_name, org_state, membership, in_scope, read_role_arn, _version)
         VALUES ('123456789012', 'o-bench00000', 'aws', 'bench', 'ACTIVE', 'member', true, 'arn:aws:iam::123456789012:role/prod-PoloReadRole', 1)",
        "INSERT INTO access_checks (check_id, account_id, role_kind, role_arn, checked_at, verdict, next_check_at, checked_by)
         VALUES (generateUUIDv4(), '123456789012', 'read', 'arn:aws:iam::123456789012:role/prod-PoloReadRole', now64(3), 'success', now64(3) + INTERVAL 1 DAY, 'bench')",
    ] {
        server.ask(store.database(), sql).await;
    }
    let aws = aws::serve().await;
    let environment = [
        ("CLICKHOUSE_URL", server.url.as_str()),
        ("CLICKHOUSE_DATABASE", store.database()),
        ("AWS_ENDPOINT_URL", aws.as_str()),
        ("RUST_LOG", "warn"),
    ];
    let mut function = Lambda::start(&binary("config_ec2"), &environment).await;
    let mut counts = Vec::new();
    for (name, tables) in [("first", TABLES), ("second", 0)] {
        let since = server.now().await;
        let answer = function.invoke(name, ACCOUNT).await;
        assert_eq!(answer["outcome"], "complete", "{answer}");
        let statements = server.logged(store.database(), &since, "count()").await;
        counts.push(RunCount {
            name,
            statements: statements.parse().unwrap(),
            statements_at_most: STATEMENTS_AT_MOST + tables,
            peak_mib: function.peak_kib() / 1024,
        });
    }
    counts
}
