-- Who pays for each account that is watched: the management account of its organization where one was listed, else
-- what the account itself answered. Without either the payer is unknown, and that is said, with why.
CREATE OR REPLACE VIEW v_account_payers {on_cluster} AS
WITH
    listed AS
    (
        SELECT organization_id, any(account_id) AS management_account_id
        FROM account_facts FINAL
        WHERE is_management AND membership = 'member' AND organization_id != ''
        GROUP BY organization_id
    ),
    asked AS
    (
        SELECT
            account_id,
            anyIf(payer_account_id, answered) AS payer_account_id,
            maxIf(toNullable(asked_at), answered) AS answered_at,
            maxIf(toNullable(asked_at), NOT answered) AS failed_at,
            anyIf(concat(error_class, ': ', message), NOT answered) AS failure
        FROM account_payers FINAL
        GROUP BY account_id
    )
SELECT
    a.account_id AS account_id,
    a.account_name AS account_name,
    a.polo_status AS polo_status,
    if(l.management_account_id != '', l.management_account_id, q.payer_account_id) AS payer_account_id,
    multiIf(l.management_account_id != '', 'organization', q.payer_account_id != '', 'account', '') AS told_by,
    q.answered_at AS answered_at,
    q.failed_at AS failed_at,
    if(l.management_account_id != '' OR ifNull(q.answered_at >= q.failed_at, false), '', q.failure) AS failure
FROM (SELECT * FROM v_accounts) AS a
LEFT JOIN listed AS l ON l.organization_id = a.organization_id
LEFT JOIN asked AS q ON q.account_id = a.account_id
WHERE a.polo_status != 'excluded' OR a.is_management
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
