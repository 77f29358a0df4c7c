-- What AWS Organizations (or the configured list) says of each account. Only discovery writes it.
-- _version is the server's clock before the listing began: the listing that began last wins.
CREATE TABLE IF NOT EXISTS account_facts {on_cluster}
(
    account_id String,
    organization_id LowCardinality(String),
    partition LowCardinality(String),
    account_name String,
    account_email String,
    org_state String,
    membership String,
    in_scope Bool,
    is_management Bool,
    parents Array(String),
    org_unit String,
    joined_at Nullable(DateTime64(3, 'UTC')),
    joined_method LowCardinality(String),
    read_role_arn String,
    action_role_arn String,
    reinstated_at Nullable(DateTime64(3, 'UTC')),
    left_at Nullable(DateTime64(3, 'UTC')),
    _version UInt64,
    CONSTRAINT account_id_is_12_digits CHECK match(account_id, '^[0-9]{12}$'),
    CONSTRAINT membership_is_known CHECK membership IN ('member', 'left')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY account_id
