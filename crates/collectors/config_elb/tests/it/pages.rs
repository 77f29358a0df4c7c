//! Every listing to its last page, none that ends short taken for a whole one, and tags by the twenty.

use polo_testkit::aws::Reply;

use crate::world::*;

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_ends_nothing() {
    for (version, operation, list) in LISTINGS {
        let world = World::empty().await;
        let of = |names: &[&str], marker: Option<&str>| {
            let items: String = names
                .iter()
                .map(|name| item(version, operation, name))
                .collect();
            page(operation, list, &items, marker)
        };
        world.answers_pages(
            version,
            operation,
            vec![
                of(&["a", "b"], Some("1")),
                of(&[], Some("2")),
                of(&["c"], Some("3")),
                of(&[], None),
            ],
        );
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        let ids = ["a", "b", "c"].map(|name| id(version, operation, name));
        assert_eq!(world.ids().await, ids, "{version} {operation}");
        assert_eq!(answer["resources_seen"], 3, "{version} {operation}");
        let calls = world.calls(version, operation);
        assert_eq!(calls.len(), 4, "{version} {operation}");
        for call in calls {
            assert_eq!(call.parameter("PageSize"), "400");
        }
    }
}

/// The SDK's paginators end without a word at such a token; what lies behind it would then count as gone.
#[tokio::test]
async fn a_listing_that_names_the_same_page_twice_is_not_a_whole_one() {
    for (version, operation, list) in LISTINGS {
        let world = World::empty().await;
        let of = |name: &str, marker: Option<&str>| {
            page(operation, list, &item(version, operation, name), marker)
        };
        let whole = vec![of("a", Some("1")), of("b", None)];
        world.answers_pages(version, operation, whole);
        world.run("one").await;
        let circle = vec![of("a", Some("1")), of("a", Some("1"))];
        world.answers_pages(version, operation, circle);
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("bug")),
            "{version} {operation}: {answer}"
        );
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains(operation), "{answer}");
        let ids = ["a", "b"].map(|name| id(version, operation, name));
        assert_eq!(world.ids().await, ids, "{version} {operation}");
    }
}

#[tokio::test]
async fn an_empty_marker_is_the_end_of_a_listing() {
    for (version, operation, list) in LISTINGS {
        let world = World::empty().await;
        let items = item(version, operation, "a");
        world.answers(version, operation, page(operation, list, &items, Some("")));
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.calls(version, operation).len(), 1);
    }
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_no_page() {
    for (version, operation, _) in LISTINGS {
        let world = World::empty().await;
        world.lists(version, operation, &[item(version, operation, "a")]);
        world.run("one").await;
        world.answers(version, operation, Reply::ok("<html>no</html>"));
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("bug")),
            "{version} {operation}: {answer}"
        );
        assert_eq!(world.ids().await, [id(version, operation, "a")]);
    }
}

#[tokio::test]
async fn tags_are_asked_for_by_the_twenty_and_reach_whom_they_belong_to() {
    for (version, operation, _) in LISTINGS {
        let world = World::empty().await;
        let names: Vec<String> = (0..45).map(|n| format!("n-{n:02}")).collect();
        let items: Vec<String> = names
            .iter()
            .map(|name| item(version, operation, name))
            .collect();
        world.lists(version, operation, &items);
        world.on(version, "DescribeTags", named);
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        let mut asked: Vec<usize> = world
            .calls(version, "DescribeTags")
            .iter()
            .map(|call| asked_about(call).len())
            .collect();
        asked.sort_unstable();
        assert_eq!(asked, [5, 20, 20], "{version} {operation}");
        let rows = world.resources().await;
        assert_eq!(rows.len(), 45);
        for row in rows {
            let own = if version == V2 {
                &row["arn"]
            } else {
                &row["name"]
            };
            assert_eq!(row["tags"]["named"], *own);
        }
    }
}
