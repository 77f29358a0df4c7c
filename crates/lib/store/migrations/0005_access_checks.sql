-- Every access check that was made. The verifier and discovery append, the id makes a repeated delivery one row.
CREATE TABLE IF NOT EXISTS access_checks {on_cluster}
(
    check_id UUID,
    account_id String,
    role_kind LowCardinality(String),
    role_arn String,
    checked_at DateTime64(3, 'UTC'),
    verdict LowCardinality(String),
    error_class LowCardinality(String),
    error_code LowCardinality(String),
    message String,
    assumed_role_arn String,
    next_check_at DateTime64(3, 'UTC'),
    checked_by LowCardinality(String),
    duration_ms UInt32,
    CONSTRAINT verdict_is_known CHECK verdict IN ('success', 'denied', 'inconclusive'),
    CONSTRAINT role_kind_is_known CHECK role_kind IN ('read', 'action')
)
ENGINE = {engine:ReplacingMergeTree()}
ORDER BY (account_id, role_kind, check_id)
