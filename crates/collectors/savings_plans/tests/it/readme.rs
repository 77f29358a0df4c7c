//! The queries that the README shows.

use polo_testkit::sql;

use crate::world::with_a_plan;

#[tokio::test]
async fn the_queries_of_the_readme_run() {
    let world = with_a_plan().await;
    world.run("one").await;
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```sql").skip(1);
    let queries: Vec<&str> = blocks
        .flat_map(|block| block.split("```").next().unwrap_or_default().split(';'))
        .collect();
    assert_eq!(queries.len(), 2);
    for query in queries {
        let query = query.replace("polo.", "");
        assert_ne!(sql::raw(&world.store, &query).await, "", "{query}");
    }
}
