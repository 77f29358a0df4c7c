-- The periods of the status rule. A row overrides the default that v_accounts carries.
CREATE TABLE IF NOT EXISTS rule_settings {on_cluster}
(
    setting LowCardinality(String),
    value_seconds UInt32,
    _version UInt64 DEFAULT toUnixTimestamp64Micro(now64(6)),
    CONSTRAINT setting_is_known CHECK setting IN ('propagation_grace', 'denial_confirmation')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY setting
