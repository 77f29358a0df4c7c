//! The answer reaches CloudFormation, or Lambda tries again.

use polo_testkit::clickhouse::fresh_config;
use polo_testkit::sql;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_taken_is_put_again() {
    let world = World::bare(&fresh_config()).await;
    world.answers_meet(&[500, 503]);
    world.deliver(&world.request("Delete")).await.unwrap();
    let puts = world.puts();
    assert_eq!(puts.len(), 3, "{puts:?}");
    assert!(puts.iter().all(|put| put.body == puts[0].body));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_takes_fails_the_invocation() {
    for (statuses, puts) in [(vec![500; 3], 3), (vec![403], 1)] {
        let world = World::bare(&fresh_config()).await;
        world.answers_meet(&statuses);
        let error = world.deliver(&world.request("Delete")).await.unwrap_err();
        let sentence = error.chain();
        assert!(
            sentence.contains("the answer to CloudFormation failed")
                && sentence.contains(&format!("HTTP {}", statuses[0])),
            "{sentence}"
        );
        assert!(!sentence.contains("secret"), "{sentence}");
        assert_eq!(world.puts().len(), puts);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reason_is_cut_to_what_cloudformation_takes() {
    let world = World::in_status("UPDATE_IN_PROGRESS").await;
    sql::execute_on_server(&world.store, "CREATE DATABASE {database}").await;
    // The sentence about a table that is no lock holds its comment, and the comment what is long when it is escaped.
    let comment = "\u{1}\\\\\\\\ö\"".repeat(2000);
    sql::execute(
        &world.store,
        &format!("CREATE TABLE schema_migration_lock (a UInt8) ENGINE = Null COMMENT '{comment}'"),
    )
    .await;
    world.deliver(&world.request("Update")).await.unwrap();
    let put = &world.puts()[0];
    assert!(put.bytes <= 4096, "{}", put.bytes);
    let reason = put.body["Reason"].as_str().unwrap();
    assert!(
        reason.contains("schema_migration_lock")
            && reason.ends_with('…')
            && reason.chars().count() <= 500,
        "{reason}"
    );
}
