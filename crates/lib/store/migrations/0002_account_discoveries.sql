-- When each account was first seen. A minimum that merges by itself, so that no rewrite can ever move it.
CREATE TABLE IF NOT EXISTS account_discoveries {on_cluster}
(
    account_id String,
    discovered_at SimpleAggregateFunction(min, DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree()}
ORDER BY account_id
