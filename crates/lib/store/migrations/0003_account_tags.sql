-- The tags of accounts, which are read more rarely than the rest and so live apart from it. Only discovery writes it.
CREATE TABLE IF NOT EXISTS account_tags {on_cluster}
(
    account_id String,
    tags Map(String, String),
    read_at DateTime64(3, 'UTC'),
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY account_id
