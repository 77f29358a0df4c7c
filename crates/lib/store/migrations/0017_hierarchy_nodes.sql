-- adopts: hierarchy_nodes
-- The tree that other parts of Polo share. Discovery writes only rows with hierarchy = 'aws_account'.
CREATE TABLE IF NOT EXISTS hierarchy_nodes {on_cluster}
(
    node_id String,
    node_type LowCardinality(String),
    node_name String,
    parent_id String,
    hierarchy LowCardinality(String),
    metadata Map(String, String),
    created_at DateTime64(3),
    updated_at DateTime64(3),
    _version UInt64
)
ENGINE = {engine:ReplacingMergeTree(_version)}
ORDER BY (hierarchy, node_id)
