-- adopts: hierarchy_dict
-- The tree by hierarchy and node id, in memory, read anew every five to ten minutes and after each sync.
CREATE DICTIONARY IF NOT EXISTS hierarchy_dict {on_cluster}
(
    hierarchy String,
    node_id String,
    node_type String,
    node_name String,
    parent_id String,
    role String,
    owner String
)
PRIMARY KEY hierarchy, node_id
SOURCE(CLICKHOUSE({dictionary_credentials} QUERY 'SELECT hierarchy, node_id, node_type, node_name, parent_id, metadata[\'role\'] AS role, metadata[\'owner\'] AS owner FROM {database}.hierarchy_nodes FINAL'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(MIN 300 MAX 600)
