-- filled from: provisioning_attempts by account_id
-- Feeds provisioning_states with every attempt and what came of it.
CREATE MATERIALIZED VIEW IF NOT EXISTS provisioning_states_feed {on_cluster} TO provisioning_states AS
WITH toDateTime64(0, 3, 'UTC') AS never
SELECT
    account_id,
    stack_set_name,
    tuple(_version, asked_at, operation_id, toString(action), toString(outcome), reason) AS last_attempt,
    if(outcome IN ('running', 'succeeded', 'failed', 'cancelled'), asked_at, never) AS last_begun_at,
    if(outcome = 'succeeded', asked_at, never) AS last_success_at,
    if(outcome IN ('failed', 'cancelled'), map(toUInt8(intDiv(toUnixTimestamp(asked_at), 60) % 23), asked_at),
        CAST(map(), 'Map(UInt8, DateTime64(3, \'UTC\'))')) AS failures
FROM provisioning_attempts
