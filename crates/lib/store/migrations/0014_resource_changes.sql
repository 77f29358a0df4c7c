-- The history of resources: what appeared, changed, went and came back, with the state before and after.
CREATE TABLE IF NOT EXISTS resource_changes {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    resource_type LowCardinality(String),
    resource_id String,
    changed_at DateTime64(3, 'UTC'),
    change LowCardinality(String),
    before String,
    after String,
    run_id UUID,
    CONSTRAINT change_is_known CHECK change IN ('appeared', 'changed', 'gone', 'returned')
)
ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (account_id, region, resource_type, resource_id, run_id, change)
