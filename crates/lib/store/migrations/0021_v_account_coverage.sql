-- The coverage query of dashboards: the accounts without visibility. An excluded account never alarms, an account that
-- was never scanned has no age, and a daily collector is late only after one and a half of its periods.
CREATE OR REPLACE VIEW v_account_coverage {on_cluster} AS
WITH (SELECT max(freshness_hours) FROM collectors FINAL WHERE expected AND scope != 'payer') AS freshness_hours
SELECT
    account_id,
    account_name,
    polo_status,
    last_scan_error,
    if(last_successful_scan IS NULL, NULL, dateDiff('hour', assumeNotNull(last_successful_scan), now64(3, 'UTC'))) AS hours_since_scan
FROM v_accounts
WHERE polo_status != 'excluded'
    AND (polo_status IN ('pending_setup', 'no_access')
        OR last_successful_scan IS NULL
        OR last_successful_scan < now64(3, 'UTC') - toIntervalHour(freshness_hours))
