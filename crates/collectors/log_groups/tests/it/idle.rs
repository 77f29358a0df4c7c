//! Groups that keep what they hold for ever, with how much that is.

use polo_testkit::sql;

use crate::world::*;

#[tokio::test]
async fn groups_without_retention_that_hold_something() {
    let world = answering(vec![page(
        &[
            group("keeps-much", 12 * GIB + GIB / 3),
            group("keeps-little", 10),
            group("empty", 0),
            with(group("expires", 5 * GIB), "retentionInDays", 30),
            with(group("delivery", GIB), "logGroupClass", "DELIVERY"),
            group("vanishes", GIB),
        ],
        None,
    )])
    .await;
    world.run("one").await;
    now_answers(
        &world,
        vec![page(
            &[
                group("keeps-much", 12 * GIB + GIB / 3),
                group("keeps-little", 10),
                group("empty", 0),
                with(group("expires", 5 * GIB), "retentionInDays", 30),
                with(group("delivery", GIB), "logGroupClass", "DELIVERY"),
            ],
            None,
        )],
    );
    world.run("two").await;
    let rows = world
        .rows("SELECT * FROM v_idle_resources ORDER BY resource_id")
        .await;
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_json_snapshot!("idle", rows);
    });
}

/// `v_idle_resources` merges views by their columns: these have to be exactly those of the empty one.
#[tokio::test]
async fn the_columns_are_those_of_every_idle_view() {
    let world = answering(Vec::new()).await;
    let columns = |view: &str| {
        format!(
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '{view}' ORDER BY position"
        )
    };
    assert_eq!(
        sql::lines(&world.store, &columns("log_groups_idle")).await,
        sql::lines(&world.store, &columns("base_idle")).await
    );
}
