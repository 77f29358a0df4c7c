-- Everything that collectors found, one row per resource. _version is the server's clock before the target's first
-- AWS call: the look that began last wins. gone_at is set only by a target that was read to its end.
CREATE TABLE IF NOT EXISTS resources {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    resource_type LowCardinality(String),
    resource_id String,
    collector LowCardinality(String),
    arn String,
    name String,
    state LowCardinality(String),
    tags Map(String, String),
    attributes String,
    first_seen_at DateTime64(3, 'UTC'),
    last_seen_at DateTime64(3, 'UTC'),
    gone_at Nullable(DateTime64(3, 'UTC')),
    run_id UUID,
    _version UInt64,
    CONSTRAINT region_is_never_empty CHECK region != ''
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, region, resource_type, resource_id)
