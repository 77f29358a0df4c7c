//! What collectors call waste is one list: every view named `<collector>_idle` has the columns of `base_idle`.

use polo_testkit::clickhouse::fresh_store;
use polo_testkit::sql;

#[tokio::test]
async fn every_idle_view_has_the_columns_of_the_empty_one() {
    let store = fresh_store().await;
    let views = sql::lines(
        &store,
        "SELECT table, arrayStringConcat(groupArray(concat(name, ' ', type)), ', ')
         FROM (SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position)
         WHERE endsWith(table, '_idle') GROUP BY table ORDER BY table",
    )
    .await;
    let columns = |line: &str| line.split_once('\t').map(|(_, columns)| columns.to_owned());
    let base = views
        .iter()
        .find(|line| line.starts_with("base_idle\t"))
        .and_then(|line| columns(line))
        .expect("base_idle");
    assert!(views.len() > 1, "no collector has such a view");
    for view in &views {
        assert_eq!(columns(view).as_ref(), Some(&base), "{view}");
    }
}

#[tokio::test]
async fn what_is_idle_can_be_asked_for_from_any_database() {
    let store = fresh_store().await;
    let idle = format!("SELECT count() FROM {}.v_idle_resources", store.database());
    sql::execute_on_server(&store, &idle).await;
    assert_eq!(sql::number(&store, &idle).await, 0);
}
