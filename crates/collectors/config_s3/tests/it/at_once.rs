//! Buckets are read at the same time, and not too many of them.

use crate::world::*;

/// What the collector promises.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn sixteen_buckets_are_under_way_at_once_and_never_more() {
    let names: Vec<String> = (0..3 * AT_ONCE).map(|n| format!("bucket-{n:02}")).collect();
    let buckets: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), "us-east-1"))
        .collect();
    let world = with_buckets(&buckets).await;
    let held: Vec<_> = (0..=AT_ONCE)
        .map(|_| world.aws.hold("GetBucketTagging", "us-east-1"))
        .collect();
    let watch = async {
        for call in &held[..AT_ONCE] {
            call.reached().await;
        }
        let under_way = world.aws.calls_of("GetBucketTagging").len();
        for call in &held {
            call.release();
        }
        under_way
    };
    let (answer, under_way) = tokio::join!(world.run("one"), watch);
    assert_eq!(answer["outcome"], "complete", "{answer}");
    assert_eq!(under_way, AT_ONCE);
    assert_eq!(world.aws.most_at_once(), AT_ONCE);
    assert_eq!(world.ids().await, names);
}
