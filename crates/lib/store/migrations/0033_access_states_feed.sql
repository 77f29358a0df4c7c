-- filled from: access_checks by account_id
-- Feeds access_states with every check.
CREATE MATERIALIZED VIEW IF NOT EXISTS access_states_feed {on_cluster} TO access_states AS
SELECT
    account_id,
    role_kind,
    role_arn,
    if(verdict = 'success', checked_at, NULL) AS first_success_at,
    if(verdict = 'success', checked_at, toDateTime64(0, 3, 'UTC')) AS last_success_at,
    if(verdict = 'denied', map(toUInt8(intDiv(toUnixTimestamp(checked_at), 60) % 23), checked_at),
        CAST(map(), 'Map(UInt8, DateTime64(3, \'UTC\'))')) AS denials,
    tuple(checked_at, check_id, toString(verdict), toString(error_class), toString(error_code), message, next_check_at) AS last_check
FROM access_checks
