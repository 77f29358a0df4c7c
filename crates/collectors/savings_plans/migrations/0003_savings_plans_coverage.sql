-- How much of what Savings Plans could cover they did cover, for all accounts of a payer together, a row per day. Cost
-- Explorer names no currency here: the amounts are in the one of the payer's bill. What AWS leaves out is NULL.
CREATE TABLE IF NOT EXISTS savings_plans_coverage {on_cluster}
(
    payer_account_id String,
    day Date,
    spend_covered Nullable(Decimal(38, 18)),
    on_demand_cost Nullable(Decimal(38, 18)),
    total_cost Nullable(Decimal(38, 18)),
    coverage_percent Nullable(Decimal(38, 18)),
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (payer_account_id, day)
