//! An active account with one region in which SageMaker is empty, until a test puts something there.

use config_sagemaker::ConfigSagemaker;
use polo_testkit::aws::{Call, Reply};
use polo_testkit::collector;
use serde_json::{Value, json};

/// The listings, each with its list's member and what begins the names of its items' members.
pub(crate) const LISTINGS: [(&str, &str, &str); 4] = [
    (
        "ListNotebookInstances",
        "NotebookInstances",
        "NotebookInstance",
    ),
    ("ListModels", "Models", "Model"),
    ("ListEndpointConfigs", "EndpointConfigs", "EndpointConfig"),
    ("ListEndpoints", "Endpoints", "Endpoint"),
];

/// The world of a test.
pub(crate) type World = collector::World<ConfigSagemaker>;

/// An account in which there is nothing; what is listed there runs on `ml.m5.large`, see [`described`].
pub(crate) async fn empty() -> World {
    let world = World::new().await;
    for (operation, _, _) in LISTINGS {
        lists(&world, operation, &[]);
    }
    for operation in ["DescribeEndpoint", "DescribeEndpointConfig"] {
        world.aws.on("sagemaker", operation, described);
    }
    world
}

/// One operation of SageMaker answers with this from now on.
pub(crate) fn answers(world: &World, operation: &str, reply: Reply) {
    world.answers("sagemaker", operation, reply);
}

/// One operation of SageMaker answers with these pages; the token of a page is its number.
pub(crate) fn answers_pages(world: &World, operation: &str, pages: Vec<Reply>) {
    world.answers_pages("sagemaker", operation, "NextToken", pages);
}

/// One listing has these, on one page.
pub(crate) fn lists(world: &World, operation: &str, names: &[&str]) {
    answers(world, operation, page(operation, names, None));
}

/// One description answers with this where it is asked about `name`, as [`described`] elsewhere.
pub(crate) fn answers_for(world: &World, operation: &str, name: &'static str, reply: Reply) {
    world.aws.on("sagemaker", operation, move |call| {
        if asked_about(call) == name {
            reply.clone()
        } else {
            described(call)
        }
    });
}

/// What a description is asked about.
pub(crate) fn asked_about(call: &Call) -> String {
    call.parameter("EndpointName") + &call.parameter("EndpointConfigName")
}

/// The description of an endpoint, which has the configuration `config` and runs one instance, or of a configuration,
/// which asks for one instance of `ml.m5.large`.
pub(crate) fn described(call: &Call) -> Reply {
    Reply::json(match call.operation.as_str() {
        "DescribeEndpoint" => json!({
            "EndpointConfigName": "config",
            "EndpointName": call.parameter("EndpointName"),
            "EndpointStatus": "InService",
            "ProductionVariants": [{"VariantName": "main", "CurrentInstanceCount": 1}]
        }),
        _ => json!({
            "EndpointConfigName": call.parameter("EndpointConfigName"),
            "ProductionVariants": [
                {"VariantName": "main", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
            ]
        }),
    })
}

/// A page of a listing.
///
/// Source: <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html>, and likewise the others.
pub(crate) fn page(operation: &str, names: &[&str], token: Option<&str>) -> Reply {
    let (_, list, kind) = LISTINGS
        .into_iter()
        .find(|(listing, _, _)| *listing == operation)
        .unwrap();
    let items: Vec<Value> = names
        .iter()
        .map(|name| {
            let arn = format!(
                "arn:aws:sagemaker:us-east-1:123456789012:{}/{name}",
                kind.to_lowercase()
            );
            let mut item = json!({"CreationTime": 1_700_000_000.5});
            item[format!("{kind}Name")] = (*name).into();
            item[format!("{kind}Arn")] = arn.into();
            item
        })
        .collect();
    let mut page = json!({});
    page[list] = items.into();
    if let Some(token) = token {
        page["NextToken"] = token.into();
    }
    Reply::json(page)
}

/// The refusal of an identity policy that lacks the action.
pub(crate) fn denied(action: &str) -> Reply {
    Reply::error(
        400,
        "AccessDeniedException",
        &format!(
            "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: {action} \
             on resource: * because no identity-based policy allows the {action} action"
        ),
    )
}

/// What SageMaker says of an endpoint or a configuration that is not there.
pub(crate) fn not_there() -> Reply {
    Reply::error(
        400,
        "ValidationException",
        "Could not find endpoint configuration \"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/gone\".",
    )
}

/// The attributes of a resource.
pub(crate) async fn attributes(world: &World, resource_type: &str, id: &str) -> Value {
    let resources = world.resources().await;
    let resource = resources.iter().find(|resource| {
        resource["resource_type"] == resource_type && resource["resource_id"] == id
    });
    resource.unwrap_or_else(|| panic!("{resource_type} {id} is not there"))["attributes"].clone()
}
