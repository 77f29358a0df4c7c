-- The alias of each account, one row per account: an account has one alias or none, and none is the empty text.
CREATE TABLE IF NOT EXISTS account_alias_aliases {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    alias String,
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY account_id
