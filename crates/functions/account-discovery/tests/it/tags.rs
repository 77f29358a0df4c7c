//! Account tags: new accounts at once, of the others one in twenty-four an hour, and never lost to a failed call.

use polo_testkit::aws::Reply;

use crate::world::*;

/// Accounts enough that some of them have their turn in any hour.
fn thirty() -> Vec<String> {
    (1..=30).map(|n| format!("{n:012}")).collect()
}

async fn tagged(ids: &[&str]) -> World {
    let world = World::of(ids).await;
    tag(&world, ids, "a");
    world
}

fn tag(world: &World, ids: &[&str], team: &str) {
    world.change(|organization| {
        for id in ids {
            let tags = vec![("team".to_owned(), team.to_owned())];
            organization.tags.insert((*id).to_owned(), tags);
        }
    });
}

async fn teams(world: &World) -> Vec<String> {
    world
        .lines("SELECT tags['team'] FROM v_accounts ORDER BY account_id")
        .await
}

#[tokio::test]
async fn new_accounts_are_read_at_once_and_of_the_others_a_few_each_hour() {
    let ids = thirty();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let world = tagged(&ids).await;
    world.discover().await;
    assert_eq!(world.count("ListTagsForResource"), ids.len());
    assert!(teams(&world).await.iter().all(|team| team == "a"));

    tag(&world, &ids, "b");
    let answer = world.an_hour_later().await;
    let read = world.count("ListTagsForResource") - ids.len();
    assert!((1..=3).contains(&read), "{read}");
    assert_eq!(answer["organizations"][0]["tags_read"], read);
    let teams = teams(&world).await;
    assert_eq!(teams.iter().filter(|team| *team == "b").count(), read);
    assert_eq!(
        teams.iter().filter(|team| *team == "a").count(),
        ids.len() - read
    );
}

#[tokio::test]
async fn tags_that_cannot_be_read_stay_as_they_were_and_one_account_is_tried() {
    let ids = thirty();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let world = tagged(&ids).await;
    world.discover().await;
    for (trouble, calls) in [(denied(), 1), (throttled(), 2)] {
        let before = world.count("ListTagsForResource");
        world.fails("ListTagsForResource", usize::MAX, trouble);
        world.an_hour_later().await;
        assert!(teams(&world).await.iter().all(|team| team == "a"));
        assert_eq!(world.count("ListTagsForResource") - before, calls);
        world.heals();
    }
}

#[tokio::test]
async fn of_new_accounts_whose_tags_are_refused_the_first_alone_is_asked() {
    let world = tagged(&[ONE, TWO, THREE]).await;
    world.fails("ListTagsForResource", usize::MAX, denied());
    world.discover().await;
    assert_eq!(world.count("ListTagsForResource"), 1);
    assert_eq!(world.registry().await.len(), 3);
}

#[tokio::test]
async fn an_account_that_has_just_left_does_not_keep_the_others_from_their_tags() {
    let world = tagged(&[ONE, TWO, THREE]).await;
    let gone = Reply::error(400, "TargetNotFoundException", "no such target");
    world.fails_where("ListTagsForResource", ("ResourceId", ONE), 1, gone);
    world.discover().await;
    assert_eq!(teams(&world).await, ["", "a", "a"]);
}
