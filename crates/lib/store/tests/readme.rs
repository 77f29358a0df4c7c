//! The queries of the READMEs, on the whole schema. Each collector's own tests see what its queries find.

use std::path::Path;

use polo_testkit::clickhouse::fresh_store;
use polo_testkit::{readme, sql};

#[tokio::test]
async fn the_queries_of_every_readme_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let collectors = std::fs::read_dir(root.join("crates/collectors")).expect("the collectors");
    let mut readmes: Vec<_> = collectors
        .map(|entry| entry.expect("a collector").path().join("README.md"))
        .collect();
    readmes.push(root.join("README.md"));
    let store = fresh_store().await;
    for path in readmes {
        let text = std::fs::read_to_string(&path).expect("a README");
        let queries = readme::queries(&text);
        assert_eq!(
            text.contains("```sql"),
            !queries.is_empty(),
            "{}",
            path.display()
        );
        for query in queries {
            sql::execute(&store, &query).await;
        }
    }
}
