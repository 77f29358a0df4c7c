-- How well each Savings Plan was used, a row per plan and day, as the payer tells it: also plans of accounts that Polo
-- does not see. What AWS leaves out is NULL.
CREATE TABLE IF NOT EXISTS savings_plans_plan_utilization {on_cluster}
(
    payer_account_id String,
    day Date,
    savings_plan_arn String,
    account_id String,
    total_commitment Nullable(Decimal(38, 18)),
    used_commitment Nullable(Decimal(38, 18)),
    unused_commitment Nullable(Decimal(38, 18)),
    utilization_percent Nullable(Decimal(38, 18)),
    net_savings Nullable(Decimal(38, 18)),
    on_demand_cost_equivalent Nullable(Decimal(38, 18)),
    amortized_recurring_commitment Nullable(Decimal(38, 18)),
    amortized_upfront_commitment Nullable(Decimal(38, 18)),
    total_amortized_commitment Nullable(Decimal(38, 18)),
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT a_plan_is_named CHECK savings_plan_arn != ''
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (payer_account_id, day, savings_plan_arn)
