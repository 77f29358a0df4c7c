-- Each time an account's stack instance was asked for, and how that ended. Only the provisioner writes it.
-- A row is written before CloudFormation is asked, so that what began is never forgotten.
CREATE TABLE IF NOT EXISTS provisioning_attempts {on_cluster}
(
    account_id String,
    operation_id UUID,
    stack_set_name LowCardinality(String),
    action LowCardinality(String),
    asked_at DateTime64(3, 'UTC'),
    outcome LowCardinality(String),
    reason String,
    ended_at Nullable(DateTime64(3, 'UTC')),
    _version UInt64,
    CONSTRAINT account_id_is_12_digits CHECK match(account_id, '^[0-9]{12}$'),
    CONSTRAINT action_is_known CHECK action IN ('create', 'update'),
    CONSTRAINT outcome_is_known CHECK outcome IN ('asked', 'running', 'succeeded', 'failed', 'cancelled', 'busy', 'refused', 'unknown')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, operation_id)
