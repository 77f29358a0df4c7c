-- The tags that are there now: what the last complete look at its account and region showed, or a later one that did
-- not come to its end. Where no look was complete yet, nothing can be said to be gone.
CREATE OR REPLACE VIEW v_tags {on_cluster} AS
SELECT
    t.account_id AS account_id,
    t.region AS region,
    t.arn AS arn,
    t.resource_type AS resource_type,
    t.tags AS tags,
    t.collected_at AS last_seen_at
FROM (SELECT * FROM tags_resources FINAL) AS t
LEFT JOIN
(
    SELECT c.account_id AS account_id, c.region AS region, max(c.looked_at) AS looked_at
    FROM last_complete_looks AS c
    WHERE c.collector = 'tags'
    GROUP BY c.account_id, c.region
) AS l ON l.account_id = t.account_id AND l.region = t.region
WHERE ifNull(t.collected_at >= l.looked_at, true)
