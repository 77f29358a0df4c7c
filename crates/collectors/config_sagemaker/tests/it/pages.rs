//! Every listing to its last page, and none that ends short taken for a whole one.

use crate::world::*;

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_ends_nothing() {
    for (operation, _, _) in LISTINGS {
        let world = empty().await;
        answers_pages(
            &world,
            operation,
            vec![
                page(operation, &["a", "b"], Some("1")),
                page(operation, &[], Some("2")),
                page(operation, &["c"], Some("3")),
                page(operation, &[], None),
            ],
        );
        let answer = world.run("one").await;
        assert_eq!(answer["outcome"], "complete", "{operation}: {answer}");
        assert_eq!(world.ids().await, ["a", "b", "c"], "{operation}");
        assert_eq!(answer["resources_seen"], 3, "{operation}");
        let calls = world.aws.calls_of(operation);
        assert_eq!(calls.len(), 4, "{operation}");
        for call in calls {
            assert_eq!(call.parameter("MaxResults"), "100", "{operation}");
        }
    }
}

/// The SDK's paginators end without a word at such a token; what lies behind it would then count as gone.
#[tokio::test]
async fn a_listing_that_names_the_same_page_twice_is_not_a_whole_one() {
    for (operation, _, _) in LISTINGS {
        let world = empty().await;
        answers_pages(
            &world,
            operation,
            vec![
                page(operation, &["a"], Some("1")),
                page(operation, &["b"], None),
            ],
        );
        world.run("one").await;
        answers_pages(
            &world,
            operation,
            vec![
                page(operation, &["a"], Some("1")),
                page(operation, &["a"], Some("1")),
            ],
        );
        let answer = world.run("two").await;
        assert_eq!(
            (answer["outcome"].as_str(), answer["error_class"].as_str()),
            (Some("failed"), Some("bug")),
            "{operation}: {answer}"
        );
        let action = format!("sagemaker:{operation}");
        assert!(
            answer["reason"].as_str().unwrap().contains(&action),
            "{operation}: {answer}"
        );
        assert_eq!(world.ids().await, ["a", "b"], "{operation}");
    }
}
