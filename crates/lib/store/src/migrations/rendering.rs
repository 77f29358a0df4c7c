//! From a migration's text to a statement for one installation.
//!
//! Invariant: the engine clause and the cluster are all that differs between installations.

/// How tables are made on this installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// The cluster's name, for `ON CLUSTER` and the Replicated engines; none on a single server and on ClickHouse Cloud,
    /// which maps the plain engines itself.
    pub cluster: Option<String>,
}

/// Whether a text may be a cluster's name: it becomes part of every statement.
pub fn is_cluster_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-.{}".contains(c);
    !text.is_empty() && text.chars().all(legal)
}

/// A statement for this installation: `{database}`, `{on_cluster}`, `{engine:…}` and `{dictionary_credentials}` filled in.
pub fn render(sql: &str, database: &str, topology: &Topology) -> String {
    let on_cluster = topology
        .cluster
        .as_ref()
        .map(|name| format!("ON CLUSTER `{name}`"))
        .unwrap_or_default();
    let sql = sql
        .replace("{database}", database)
        .replace("{on_cluster}", &on_cluster)
        // A view shows all accounts; a statement about some of them fills in a condition.
        .replace("{of_accounts}", "")
        // Filled in before, where the server asks for a password.
        .replace("{dictionary_credentials}", "");
    let prefix = if topology.cluster.is_some() {
        "Replicated"
    } else {
        ""
    };
    let mut rendered = String::with_capacity(sql.len());
    let mut rest = sql.as_str();
    while let Some((before, after)) = rest.split_once("{engine:") {
        let (engine, tail) = after.split_once('}').unwrap_or((after, ""));
        rendered.push_str(before);
        rendered.push_str(prefix);
        rendered.push_str(engine);
        rest = tail;
    }
    rendered.push_str(rest);
    rendered
}

/// How a dictionary's source logs in to its own server: as whoever migrates, or as nobody in particular.
pub(crate) fn credentials_clause(credentials: Option<(&str, &str)>) -> String {
    credentials
        .map(|(user, password)| format!("USER {} PASSWORD {}", quoted(user), quoted(password)))
        .unwrap_or_default()
}

/// A text as a literal of a statement.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_changes_engine_and_scope_and_nothing_else() {
        let sql = "CREATE TABLE IF NOT EXISTS t {on_cluster} (a String) ENGINE = {engine:ReplacingMergeTree(v)} ORDER BY a";
        assert_eq!(
            render(sql, "polo", &Topology::default()),
            "CREATE TABLE IF NOT EXISTS t  (a String) ENGINE = ReplacingMergeTree(v) ORDER BY a"
        );
        assert_eq!(
            render(
                sql,
                "polo",
                &Topology {
                    cluster: Some("main".into())
                }
            ),
            "CREATE TABLE IF NOT EXISTS t ON CLUSTER `main` (a String) ENGINE = ReplicatedReplacingMergeTree(v) ORDER BY a"
        );
    }

    #[test]
    fn a_dictionary_logs_in_where_there_is_a_password() {
        assert_eq!(credentials_clause(None), "");
        assert_eq!(
            credentials_clause(Some(("polo", r"it's a \"))),
            r"USER 'polo' PASSWORD 'it\'s a \\'"
        );
    }
}
