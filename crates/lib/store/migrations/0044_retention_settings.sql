-- How long history and rows of gone resources are kept, where operators decided it: days, or 1 for yes. A row overrides
-- the default that Polo carries. `polo migrate` and schema-migrator write it.
CREATE TABLE IF NOT EXISTS retention_settings {on_cluster}
(
    setting LowCardinality(String),
    value UInt32,
    _version UInt64 DEFAULT toUnixTimestamp64Micro(now64(6)),
    CONSTRAINT setting_is_known CHECK setting IN ('run_days', 'history_days', 'gone_days', 'expire_adopted'),
    CONSTRAINT days_are_sensible CHECK setting = 'expire_adopted' OR (value >= 60 AND value <= 3650)
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY setting
