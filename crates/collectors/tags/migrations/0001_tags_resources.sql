-- The tags of each resource, as the tagging API of one region told them last. A resource without any tag now is here
-- only if it had one before. What is gone stays as a row: v_tags leaves it out.
CREATE TABLE IF NOT EXISTS tags_resources {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    arn String,
    resource_type LowCardinality(String),
    tags Map(String, String),
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT region_is_never_empty CHECK region != ''
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, region, arn)
