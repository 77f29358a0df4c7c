-- The coverage query of dashboards: the accounts without visibility, with the age of what was seen last.
CREATE OR REPLACE VIEW v_account_coverage {on_cluster} AS
SELECT
    account_id,
    account_name,
    polo_status,
    last_scan_error,
    if(last_successful_scan IS NULL, NULL, dateDiff('hour', assumeNotNull(last_successful_scan), now64(3, 'UTC'))) AS hours_since_scan
FROM v_accounts
WHERE is_uncovered
