-- The registry for dashboards and people's SQL: a copy of v_accounts, never a source. The first fourteen columns
-- are a contract: their names, order, types and defaults do not change, what follows them has a default.
CREATE TABLE IF NOT EXISTS aws_accounts {on_cluster}
(
    account_id String,
    account_name String,
    account_email String DEFAULT '',
    org_unit String DEFAULT '',
    polo_status LowCardinality(String),
    polo_read_role String DEFAULT '',
    polo_action_role String DEFAULT '',
    last_successful_scan DateTime64(3),
    last_scan_error String DEFAULT '',
    account_role LowCardinality(String) DEFAULT '',
    owner String DEFAULT '',
    discovered_at DateTime64(3),
    updated_at DateTime64(3),
    _version UInt64,
    organization_id LowCardinality(String) DEFAULT '',
    status_reason LowCardinality(String) DEFAULT ''
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id)
