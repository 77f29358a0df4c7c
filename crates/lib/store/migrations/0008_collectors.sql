-- The collectors that are deployed, as their manifests declare them: who is expected to run, and how often.
CREATE TABLE IF NOT EXISTS collectors {on_cluster}
(
    collector LowCardinality(String),
    scope LowCardinality(String),
    schedule LowCardinality(String),
    period_hours UInt32,
    freshness_hours UInt32,
    timeout_s UInt32,
    expected Bool,
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY collector
