-- What each day cost, in three groupings that tell of the same money and are never added: account_service (linked
-- account by service), region, and account_service_region. A key that a grouping does not have is the empty text. A row
-- may be of a read that was not finished, or older than the last one that was: cost_current tells which rows count.
CREATE TABLE IF NOT EXISTS cost_daily {on_cluster}
(
    payer_account_id String,
    grouping LowCardinality(String),
    day Date,
    account_id String,
    service LowCardinality(String),
    region LowCardinality(String),
    currency LowCardinality(String),
    unblended_cost Decimal(38, 18),
    amortized_cost Decimal(38, 18),
    estimated Bool,
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT grouping_is_known CHECK grouping IN ('account_service', 'region', 'account_service_region'),
    CONSTRAINT a_currency_is_named CHECK currency != ''
)
ENGINE = {engine:ReplacingMergeTree(_version)}
PARTITION BY toYYYYMM(day)
ORDER BY (payer_account_id, grouping, day, account_id, service, region, currency)
