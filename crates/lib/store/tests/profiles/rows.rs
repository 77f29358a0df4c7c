//! Rows that every view has something to say of, and joins that find no partner.

use polo_store::Store;
use polo_testkit::sql;

use crate::history::History;

/// An account of the random history.
pub(crate) const ONE: &str = "111111111111";

/// An account that the registry does not know.
const UNKNOWN: &str = "999999999999";

pub(crate) async fn insert(store: &Store) {
    let mut history = History::new(store, 11).await;
    let rows = history.rows.clone();
    history.store(store, rows).await;
    store
        .copy(&mut store.registry().await.unwrap())
        .await
        .unwrap();
    let resource = |kind: &str, collector: &str, id: &str, state: &str, attributes: &str| {
        format!(
            "INSERT INTO resources (account_id, region, resource_type, resource_id, collector, arn, name, state, attributes, first_seen_at, last_seen_at, _version)
             VALUES ('{ONE}', 'eu-west-1', '{kind}', '{id}', '{collector}', 'arn:{id}', '{id}', '{state}', '{attributes}',
                 now64(3) - INTERVAL 30 DAY, now64(3), 1)"
        )
    };
    let cost = |grouping: &str, account: &str, region: &str| {
        format!(
            "INSERT INTO cost_daily (payer_account_id, grouping, day, account_id, service, region, currency, unblended_cost, _version)
             VALUES ('{ONE}', '{grouping}', today() - 1, '{account}', 'Amazon EC2', '{region}', 'USD', 1.5, 1)"
        )
    };
    let read = |grouping: &str, region: &str| {
        format!(
            "INSERT INTO cost_reads (payer_account_id, grouping, region, day, _version) VALUES ('{ONE}', '{grouping}', '{region}', today() - 1, 1)"
        )
    };
    let series = |series: &str| {
        format!(
            "INSERT INTO savings_plans_reads (payer_account_id, series, day, _version) VALUES ('{ONE}', '{series}', today() - 1, 1)"
        )
    };
    let statements = [
        resource("ec2_volume", "config_ec2", "vol-1", "available", r#"{"size_gib": 8}"#),
        resource("ec2_instance", "config_ec2", "i-1", "stopped", "{}"),
        resource("ec2_instance", "config_ec2", "i-2", "running", "{}"),
        resource("ec2_address", "config_ec2", "eip-1", "idle", "{}"),
        resource("elb_load_balancer", "config_elb", "lb-1", "active", r#"{"targets": 0}"#),
        resource("s3_bucket", "config_s3", "bucket", "", r#"{"versioning": "Enabled"}"#),
        resource("sagemaker_notebook_instance", "config_sagemaker", "notebook", "InService", "{}"),
        resource("logs_log_group", "log_groups", "measured", "", "{}"),
        resource("logs_log_group", "log_groups", "not measured", "", "{}"),
        resource("savings_plan", "savings_plans", "used", "active", r#"{"commitment_per_hour": "1"}"#),
        resource("savings_plan", "savings_plans", "not told of", "active", "{}"),
        format!(
            "INSERT INTO resource_changes (account_id, region, resource_type, resource_id, changed_at, change, before, after)
             VALUES ('{ONE}', 'eu-west-1', 'ec2_address', 'eip-1', now64(3), 'changed', '{{\"state\": \"in-use\"}}', '{{\"state\": \"idle\"}}'),
                 ('{ONE}', 'eu-west-1', 'ec2_address', 'eip-1', now64(3) - INTERVAL 1 DAY, 'appeared', '', '')"
        ),
        format!(
            "INSERT INTO log_groups_bytes (account_id, region, log_group_name, day, stored_bytes, _version)
             VALUES ('{ONE}', 'eu-west-1', 'measured', today(), 2000000000, 1)"
        ),
        format!(
            "INSERT INTO cloudwatch_metrics_asked (account_id, region, resource_type, resource_id, metric, known_from, asked_from, asked_to, _version)
             VALUES ('{ONE}', 'eu-west-1', 'elb_load_balancer', 'lb-1', 'RequestCount', now() - INTERVAL 10 DAY, now() - INTERVAL 1 DAY, now(), 1)"
        ),
        format!(
            "INSERT INTO cloudwatch_metrics_points (account_id, region, resource_type, resource_id, metric, statistic, at, value, _version)
             VALUES ('{ONE}', 'eu-west-1', 'ec2_instance', 'i-1', 'CPUUtilization', 'Average', toStartOfHour(now()), 1.5, 1)"
        ),
        format!(
            "INSERT INTO cloudwatch_metrics_asked (account_id, region, resource_type, resource_id, metric, statistic, known_from, asked_from, asked_to, _version)
             SELECT '{ONE}', 'eu-west-1', 'ec2_instance', 'i-2', 'CPUUtilization', arrayJoin(['Average', 'Maximum']), now() - INTERVAL 10 DAY,
                 now() - INTERVAL 1 DAY, now(), 1"
        ),
        // Without a point of the average.
        format!(
            "INSERT INTO cloudwatch_metrics_points (account_id, region, resource_type, resource_id, metric, statistic, at, value, _version)
             SELECT '{ONE}', 'eu-west-1', 'ec2_instance', 'i-2', 'CPUUtilization', 'Maximum', toStartOfHour(now()) - toIntervalHour(number), 1, 1
             FROM numbers(100)"
        ),
        cost("account_service", ONE, ""),
        cost("account_service", UNKNOWN, ""),
        cost("account_service_region", UNKNOWN, "eu-west-1"),
        cost("region", "", "eu-west-1"),
        read("account_service", ""),
        read("account_service_region", "eu-west-1"),
        read("region", ""),
        series("utilization"),
        series("plan_utilization"),
        series("coverage"),
        format!(
            "INSERT INTO savings_plans_plan_utilization (payer_account_id, day, savings_plan_arn, account_id, total_commitment, used_commitment, _version)
             VALUES ('{ONE}', today() - 1, 'arn:used', '{ONE}', 24, 6, 1)"
        ),
        format!("INSERT INTO savings_plans_utilization (payer_account_id, day, _version) VALUES ('{ONE}', today() - 1, 1)"),
        format!("INSERT INTO savings_plans_coverage (payer_account_id, day, _version) VALUES ('{ONE}', today() - 1, 1)"),
        format!("INSERT INTO tags_resources (account_id, region, arn, _version) VALUES ('{ONE}', 'eu-west-1', 'arn:x', 1)"),
        format!(
            "INSERT INTO account_payers (account_id, answered, payer_account_id, asked_at, _version) VALUES ('{ONE}', true, '{UNKNOWN}', now(), 1)"
        ),
        format!("INSERT INTO account_regions (account_id, region, _version) VALUES ('{ONE}', 'eu-west-1', 1)"),
        format!("INSERT INTO dispatches (account_id, collector, outcome, requested_at) VALUES ('{ONE}', 'config_ec2', 'accepted', now64(3))"),
        format!("INSERT INTO coverage_notices (account_id, kind, resolution) VALUES ('{ONE}', 'access', '')"),
        format!(
            "INSERT INTO provisioning_attempts (account_id, stack_set_name, action, outcome) VALUES ('{ONE}', 'polo-roles', 'create', 'asked')"
        ),
        "INSERT INTO discovery_runs (organization_id, started_at, listing) VALUES ('o-test', now64(3), 'complete')".to_owned(),
    ];
    for statement in statements {
        sql::execute(store, &statement).await;
    }
}
