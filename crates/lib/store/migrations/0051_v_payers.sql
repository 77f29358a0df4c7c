-- The accounts that pay, and whether Polo can ask them. What a payer alone can tell (cost, utilisation of Savings
-- Plans) is missing for all its accounts while it cannot be asked: the gap payer_not_visible.
CREATE OR REPLACE VIEW v_payers {on_cluster} AS
SELECT
    p.payer_account_id AS payer_account_id,
    r.account_name AS payer_account_name,
    r.polo_status AS payer_polo_status,
    toBool(r.polo_status = 'active') AS visible,
    p.accounts AS accounts,
    if(visible, '', 'payer_not_visible') AS gap,
    multiIf(
        visible, '',
        p.payer_account_id = '' AND p.failure != '', concat('who pays for these accounts is not known: ', p.failure),
        p.payer_account_id = '', 'who pays for these accounts is not known yet: the next access check asks',
        r.polo_status = '', concat('account ', p.payer_account_id, ' pays for these accounts, but is not among the accounts that Polo knows: add it, with a read role'),
        concat('account ', p.payer_account_id, ' pays for these accounts, but is ', r.polo_status, ' (', r.status_reason, ')')) AS explanation
FROM
(
    -- An account that Polo cannot read has a gap of its own, before anyone asks who pays for it.
    SELECT
        payer_account_id,
        arraySort(groupArrayIf(account_id, polo_status = 'active' OR (payer_account_id != '' AND polo_status != 'excluded'))) AS accounts,
        max(failure) AS failure
    FROM v_account_payers
    GROUP BY payer_account_id
    HAVING notEmpty(accounts)
) AS p
LEFT JOIN (SELECT account_id, account_name, toString(polo_status) AS polo_status, toString(status_reason) AS status_reason FROM v_accounts) AS r
    ON r.account_id = p.payer_account_id
SETTINGS join_use_nulls = 0, aggregate_functions_null_for_empty = 0
