-- What operators decided, one row per account and setting, so that two edits of one account never meet.
-- A hand-written INSERT needs only account_id, setting and value: clock and version come from the server.
CREATE TABLE IF NOT EXISTS account_settings {on_cluster}
(
    account_id String,
    setting LowCardinality(String),
    value String,
    reason String DEFAULT '',
    author String DEFAULT currentUser(),
    expires_at Nullable(DateTime64(3, 'UTC')) DEFAULT NULL,
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3),
    _version UInt64 DEFAULT toUnixTimestamp64Micro(now64(6)),
    CONSTRAINT account_id_is_12_digits CHECK match(account_id, '^[0-9]{12}$'),
    CONSTRAINT setting_is_known CHECK setting IN ('excluded', 'read_role_arn', 'action_role_arn', 'account_role', 'owner'),
    CONSTRAINT excluded_is_true_or_false CHECK setting != 'excluded' OR value IN ('true', 'false'),
    CONSTRAINT role_arn_is_an_arn CHECK NOT (setting IN ('read_role_arn', 'action_role_arn') AND value != '')
        OR match(value, '^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$'),
    CONSTRAINT role_arn_is_of_this_account CHECK NOT (setting IN ('read_role_arn', 'action_role_arn') AND value != '')
        OR splitByChar(':', value)[5] = account_id
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, setting)
