//! An organization loaded with boto3 into the empty stack, and what one firing of discovery makes of it.

use polo_tests::{Account, Organization, Stack, swept_collectors};

/// Roles that trust Polo's functions by name, and one that trusts the hub account with the external id: both are
/// active at once, and their first collection is asked for by the event, without a sweep.
#[tokio::test(flavor = "multi_thread")]
async fn working_roles_are_active_at_once_and_collected_by_the_event() {
    let organization = Organization::default()
        .unit("Workloads", "")
        .unit("Production", "Workloads")
        .account(
            Account::working("alpha")
                .in_unit("Production")
                .alias("alpha-alias")
                .instances("us-east-1", 2)
                .instances("eu-central-1", 1),
        )
        .account(
            Account::open("bravo")
                .in_unit("Workloads")
                .instances("us-east-1", 1),
        )
        .account(Account::bare("charlie"));
    let (stack, loaded) = Stack::with(&organization).await;
    let (alpha, bravo) = (loaded.account("alpha"), loaded.account("bravo"));

    let settled = stack.fire("hourly-discovery").await;

    assert_eq!(settled.dead_letters, 0);
    assert_eq!(stack.status(alpha).await, "active role_works");
    assert_eq!(stack.status(bravo).await, "active role_works");
    assert_eq!(
        stack.status(loaded.account("charlie")).await,
        "pending_setup never_set_up"
    );
    let runs = stack
        .rows("SELECT account_id, collector, trigger, outcome FROM collector_runs FINAL ORDER BY account_id, collector")
        .await;
    let mut expected = Vec::new();
    for account in [alpha, bravo] {
        for collector in swept_collectors() {
            expected.push(format!("{account}\t{collector}\tevent\tcomplete"));
        }
    }
    expected.sort();
    assert_eq!(runs, expected);
    let found = stack
        .rows("SELECT account_id, region, count() FROM v_resources WHERE resource_type = 'ec2_instance' GROUP BY ALL ORDER BY ALL")
        .await;
    let mut expected = vec![
        format!("{alpha}\teu-central-1\t1"),
        format!("{alpha}\tus-east-1\t2"),
        format!("{bravo}\tus-east-1\t1"),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(
        stack
            .rows(&format!(
                "SELECT alias FROM account_alias_aliases FINAL WHERE account_id = '{alpha}'"
            ))
            .await,
        ["alpha-alias"]
    );

    // The copy for dashboards, and the tree with its dictionary.
    assert_eq!(
        stack
            .sql(&format!(
                "SELECT polo_status, org_unit FROM aws_accounts FINAL WHERE account_id = '{alpha}'"
            ))
            .await,
        "active\tRoot/Workloads/Production"
    );
    let production = &loaded.units["Production"];
    assert_eq!(
        stack
            .sql(&format!(
                "SELECT node_type, node_name, parent_id FROM hierarchy_nodes FINAL WHERE node_id = 'account:{alpha}' AND hierarchy = 'aws_account'"
            ))
            .await,
        format!("account\talpha\t{production}")
    );
    for (node, name, parent) in [
        (format!("account:{alpha}"), "alpha", production),
        (production.clone(), "Production", &loaded.units["Workloads"]),
        (
            loaded.units["Workloads"].clone(),
            "Workloads",
            &loaded.units[""],
        ),
    ] {
        let found = stack
            .sql(&format!(
                "SELECT dictGet('hierarchy_dict', ('node_name', 'parent_id'), ('aws_account', '{node}'))"
            ))
            .await;
        assert_eq!(found, format!("('{name}','{parent}')"));
    }
}
