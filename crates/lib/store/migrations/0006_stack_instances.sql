-- What the StackSet says of each account. Only the verifier writes it.
-- current_since is when Polo first saw the instance CURRENT without a break, the propagation grace counts from there.
CREATE TABLE IF NOT EXISTS stack_instances {on_cluster}
(
    account_id String,
    stack_set_name LowCardinality(String),
    region LowCardinality(String),
    present Bool,
    status LowCardinality(String),
    detailed_status LowCardinality(String),
    status_reason String,
    stack_id String,
    organizational_unit_id String,
    current_since Nullable(DateTime64(3, 'UTC')),
    read_at DateTime64(3, 'UTC'),
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, stack_set_name, region)
