-- The regions of each account as last seen. A look-up that fails leaves them as they were.
CREATE TABLE IF NOT EXISTS account_regions {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    opt_in_status LowCardinality(String),
    enabled Bool,
    seen_at DateTime64(3, 'UTC'),
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, region)
