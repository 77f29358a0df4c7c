//! `v_tags` from look to look: only a complete one says that something is gone.

use polo_testkit::sql;

use crate::world::{answering, now_answers, owned, page, shown};

#[tokio::test]
async fn what_changed_is_new_and_what_vanished_is_gone() {
    let world = answering(vec![page(
        &[owned("i-1", "ann"), owned("i-2", "ann")],
        None,
    )])
    .await;
    world.run("one").await;
    now_answers(
        &world,
        vec![page(&[owned("i-2", "bob"), owned("i-3", "bob")], None)],
    );
    world.run("two").await;
    assert_eq!(
        shown(&world).await,
        ["us-east-1 i-2 bob", "us-east-1 i-3 bob"]
    );

    // What comes back is there again.
    now_answers(&world, vec![page(&[owned("i-1", "cleo")], None)]);
    world.run("three").await;
    assert_eq!(shown(&world).await, ["us-east-1 i-1 cleo"]);
}

#[tokio::test]
async fn an_account_without_tagged_resources_is_complete_and_only_its_own_are_gone() {
    let world = answering(vec![page(&[owned("i-1", "ann")], None)]).await;
    world.run("one").await;
    // Another region, and the same region of another account.
    sql::execute(
        &world.store,
        "INSERT INTO tags_resources (account_id, region, arn, collected_at, _version) VALUES
             ('123456789012', 'eu-west-1', 'x/elsewhere', '2020-01-01', 1), ('210987654321', 'us-east-1', 'x/foreign', '2020-01-01', 1)",
    )
    .await;
    now_answers(&world, vec![page(&[], None)]);
    let answer = world.run("two").await;
    assert_eq!(
        (
            answer["outcome"].as_str(),
            answer["resources_seen"].as_u64()
        ),
        (Some("complete"), Some(0))
    );
    assert_eq!(
        shown(&world).await,
        ["eu-west-1 elsewhere ", "us-east-1 foreign "]
    );
}
