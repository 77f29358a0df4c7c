//! An active account whose tagged resources a test chooses.

use polo_testkit::aws::{Reply, regions_page};
use polo_testkit::{collector, sql};
use serde_json::{Value, json};
use tags::Tags;

/// The world of a test.
pub(crate) type World = collector::World<Tags>;

/// An account whose tagging API answers with these pages.
pub(crate) async fn answering(pages: Vec<Reply>) -> World {
    let world = World::new().await;
    now_answers(&world, pages);
    world
}

/// The tagging API answers with these pages from now on; the token of a page is its number.
pub(crate) fn now_answers(world: &World, pages: Vec<Reply>) {
    world.answers_pages("tagging", "GetResources", "PaginationToken", pages);
}

/// The account has these regions, and the tagging API answers there with what `answer` says.
pub(crate) fn answers_by_region(
    world: &World,
    regions: &'static [&'static str],
    answer: impl Fn(&str) -> Reply + Send + 'static,
) {
    world.aws.on("ec2", "DescribeRegions", move |_| {
        let regions: Vec<_> = regions
            .iter()
            .map(|region| (*region, "opt-in-not-required"))
            .collect();
        regions_page(&regions)
    });
    world
        .aws
        .on("tagging", "GetResources", move |call| answer(&call.region));
}

/// A resource of this name with one tag, `Owner`.
pub(crate) fn owned(name: &str, owner: &str) -> Value {
    json!({
        "ResourceARN": format!("arn:aws:ec2:us-east-1:123456789012:instance/{name}"),
        "Tags": [{"Key": "Owner", "Value": owner}]
    })
}

/// A page of GetResources. The last one has the empty token.
///
/// Source: <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>
pub(crate) fn page(resources: &[Value], token: Option<&str>) -> Reply {
    Reply::json(json!({
        "PaginationToken": token.unwrap_or_default(),
        "ResourceTagMappingList": resources
    }))
}

/// The refusal of an identity policy that lacks the action.
pub(crate) fn denied() -> Reply {
    Reply::error(
        400,
        "AccessDeniedException",
        "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: \
         tag:GetResources because no identity-based policy allows the tag:GetResources action",
    )
}

/// What `v_tags` shows, as `region name owner`.
pub(crate) async fn shown(world: &World) -> Vec<String> {
    sql::lines(
        &world.store,
        "SELECT concat(region, ' ', splitByChar('/', arn)[-1], ' ', tags['Owner']) FROM v_tags ORDER BY region, arn",
    )
    .await
}
