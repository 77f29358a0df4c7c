//! The queries that the README shows.

use polo_testkit::{readme, sql};

use crate::world::with_a_plan;

#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let world = with_a_plan().await;
    world.run("one").await;
    let queries = readme::queries(include_str!("../../README.md"));
    assert_eq!(queries.len(), 2);
    for query in queries {
        assert_ne!(sql::raw(&world.store, &query).await, "", "{query}");
    }
}
