//! The view that decided from history before states existed.

use polo_store::Store;
use polo_store::migrations::{Topology, all, render};
use polo_testkit::sql;

/// The previous release's `v_accounts`, under another name.
pub(crate) const BY_HISTORY: &str = "v_accounts_by_history";

/// The columns of which both views must say the same. The number of denials is left out: a state keeps 23 at most.
const COMPARED: &str = "* EXCEPT (denials_in_a_row)";

/// The previous release's view by this name.
pub(crate) async fn make_previous_view(store: &Store, name: &str) {
    let migrations = all().unwrap();
    let previous = migrations
        .iter()
        .find(|migration| migration.file == "0019_v_accounts.sql")
        .unwrap();
    let text = previous
        .sql
        .replace("VIEW v_accounts ", &format!("VIEW {name} "));
    sql::execute(
        store,
        &render(&text, store.database(), &Topology::default()),
    )
    .await;
}

/// What a view says of every account, a line each.
pub(crate) async fn answers(store: &Store, view: &str) -> Vec<String> {
    let columns = sql::lines(
        store,
        &format!(
            "SELECT name FROM system.columns WHERE database = '{{database}}' AND table = '{BY_HISTORY}' AND name != 'denials_in_a_row' ORDER BY position"
        ),
    )
    .await;
    let columns = if columns.is_empty() {
        COMPARED.to_owned()
    } else {
        columns.join(", ")
    };
    sql::lines(
        store,
        &format!("SELECT {columns} FROM {view} ORDER BY account_id FORMAT JSONEachRow"),
    )
    .await
}
