-- How well all Savings Plans of a payer together were used, a row per day. Cost Explorer names no currency here: the
-- amounts are in the one of the payer's bill. What AWS leaves out is NULL.
CREATE TABLE IF NOT EXISTS savings_plans_utilization {on_cluster}
(
    payer_account_id String,
    day Date,
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
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (payer_account_id, day)
