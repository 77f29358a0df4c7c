-- What CloudWatch was asked and has answered in full, a row per resource, metric and statistic. Many metrics have no
-- point in an hour without traffic: an hour between known_from and asked_to without a point is one in which nothing
-- happened, any other hour without a point is unknown. known_from is where the unbroken chain of questions begins that
-- ends at asked_to, asked_from where the last of them began, points how many its answer held, and used_at the last
-- hour, of all that were ever read, whose value was above zero.
CREATE TABLE IF NOT EXISTS cloudwatch_metrics_asked {on_cluster}
(
    account_id String,
    region LowCardinality(String),
    resource_type LowCardinality(String),
    resource_id String,
    metric LowCardinality(String),
    statistic LowCardinality(String),
    known_from DateTime('UTC'),
    asked_from DateTime('UTC'),
    asked_to DateTime('UTC'),
    points UInt32,
    used_at Nullable(DateTime('UTC')),
    run_id UUID,
    collected_at DateTime64(3, 'UTC'),
    _version UInt64,
    CONSTRAINT region_is_never_empty CHECK region != '',
    CONSTRAINT a_question_is_part_of_what_is_known CHECK known_from <= asked_from AND asked_from < asked_to
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (account_id, region, resource_type, resource_id, metric, statistic)
