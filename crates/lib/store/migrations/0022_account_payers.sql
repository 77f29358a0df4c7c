-- Who pays for an account that no listing of an organization tells of, as the account itself answered. Only access
-- checks write it. An answer and a failure are two rows: a look-up that fails leaves the last answer as it was.
CREATE TABLE IF NOT EXISTS account_payers {on_cluster}
(
    account_id String,
    answered Bool,
    payer_account_id String,
    organization_id LowCardinality(String),
    asked_at DateTime64(3, 'UTC'),
    error_class LowCardinality(String),
    message String,
    _version UInt64,
    CONSTRAINT an_answer_names_the_payer CHECK answered = match(payer_account_id, '^[0-9]{12}$')
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, answered)
