//! The sample payloads in `events/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use polo_core::{Field, Invocation};
use serde_json::Value;

/// For most collectors, for those that read region by region, and for those that only run in the account that pays.
const COLLECTORS: [&str; 3] = ["collector", "collector-in-regions", "collector-payer"];

/// What CloudFormation sends, beside what people do.
const BY_CLOUDFORMATION: &str = "schema-migrator-cloudformation";

/// What services send to these is no payload of Polo's: their own tests read their samples.
const OWN_SHAPES: [&str; 3] = ["schema-migrator", BY_CLOUDFORMATION, "status-page"];

/// There is one per function, three for collectors, one of CloudFormation's, no other, and each is understood.
#[test]
fn every_function_has_a_sample_that_it_understands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the project");
    let names = |folder: PathBuf, keep: &dyn Fn(&Path) -> bool| -> BTreeSet<String> {
        fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| keep(path))
            .map(|path| {
                path.file_stem()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    };
    let mut functions = names(root.join("crates/functions"), &|path| {
        path.join("Cargo.toml").is_file()
    });
    functions.extend(COLLECTORS.map(str::to_owned));
    functions.insert(BY_CLOUDFORMATION.to_owned());
    let samples = names(root.join("events"), &|path| {
        path.extension().is_some_and(|end| end == "json")
    });
    assert_eq!(samples, functions);
    for name in samples {
        let text = fs::read_to_string(root.join(format!("events/{name}.json"))).expect("text");
        let payload: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        if OWN_SHAPES.contains(&name.as_str()) {
            continue;
        }
        let request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
        let invocation = Invocation::parse(&payload, request_id, &Field::ALL);
        let invocation = invocation.unwrap_or_else(|error| panic!("{name}: {error}"));
        let for_collectors = COLLECTORS.contains(&name.as_str());
        assert_eq!(invocation.account_id.is_some(), for_collectors, "{name}");
    }
}
