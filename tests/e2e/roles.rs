//! The member roles as they ship, rolled out over an organization and into the management account: they let Polo in.
//!
//! Invariant: what is rolled out is the template that the CDK app writes, with its defaults; a test gives what nobody else
//! can know.

use std::fs;
use std::path::Path;

use polo_tests::{Account, Loaded, Organization, Stack};
use serde_json::{Value, json};

const ACTION_ROLE: &str = "dev-polo-action-role";

/// Members by a service-managed StackSet, the management account by a plain stack of the same template, both with the
/// action role: Polo reads them all, and can act in them all.
#[tokio::test(flavor = "multi_thread")]
async fn both_roles_work_in_members_and_in_the_management_account() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    let acting = [("EnableActionRole", "true")];
    let external_id = stack.env["POLO_EXTERNAL_ID"].clone();
    roll_out(&stack, &loaded, &external_id, &acting);
    configure_acting(&stack, ACTION_ROLE).await;

    check(&stack).await;

    let everywhere = [
        loaded.account("alpha"),
        loaded.account("bravo"),
        &loaded.management_id,
    ];
    for account_id in everywhere {
        assert_eq!(stack.status(account_id).await, "active role_works");
        assert_eq!(
            action_verdict(&stack, account_id).await,
            "success",
            "{account_id}"
        );
    }
    let instances = stack
        .rows("SELECT account_id, status FROM stack_instances FINAL ORDER BY account_id")
        .await;
    let mut expected = [
        format!("{}\tCURRENT", loaded.account("alpha")),
        format!("{}\tCURRENT", loaded.account("bravo")),
    ];
    expected.sort();
    assert_eq!(instances, expected, "StackSets leave the management out");
    // The read role may do all that collectors ask.
    let outcomes = stack
        .rows("SELECT DISTINCT outcome FROM collector_runs FINAL")
        .await;
    assert_eq!(outcomes, ["complete"]);
}

/// Under a path both roles work everywhere, as soon as Polo is told of it by the variables that name them.
#[tokio::test(flavor = "multi_thread")]
async fn roles_under_a_path_work_in_members_and_in_the_management_account() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    let external_id = stack.env["POLO_EXTERNAL_ID"].clone();
    let path = "platform/finops";
    let more = [
        ("EnableActionRole", "true"),
        ("RolePath", &format!("/{path}/")),
    ];
    roll_out(&stack, &loaded, &external_id, &more);
    configure_acting(&stack, &format!("{path}/{ACTION_ROLE}")).await;
    let everywhere = [
        loaded.account("alpha"),
        loaded.account("bravo"),
        &loaded.management_id,
    ];

    // Not yet told, it looks for the role where it would be without a path.
    check(&stack).await;
    assert_eq!(
        stack.status(everywhere[0]).await,
        "no_access deployed_but_denied"
    );

    for function in ["account-discovery", "access-verifier"] {
        let names = [
            ("POLO_READ_ROLE_NAME", format!("{path}/dev-PoloReadRole")),
            ("POLO_ACTION_ROLE_NAME", format!("{path}/{ACTION_ROLE}")),
        ];
        let names = names.each_ref().map(|(name, role)| (*name, role.as_str()));
        stack.configure(function, &names).await;
    }
    check(&stack).await;

    for account_id in everywhere {
        assert_eq!(stack.status(account_id).await, "active role_works");
        assert_eq!(
            action_verdict(&stack, account_id).await,
            "success",
            "{account_id}"
        );
        let role = stack
            .sql(&format!(
                "SELECT polo_read_role FROM v_accounts WHERE account_id = '{account_id}'"
            ))
            .await;
        assert_eq!(
            role,
            format!("arn:aws:iam::{account_id}:role/{path}/dev-PoloReadRole")
        );
    }
    let outcomes = stack
        .rows("SELECT DISTINCT outcome FROM collector_runs FINAL")
        .await;
    assert_eq!(outcomes, ["complete"]);
}

/// Rolled out with an external id that Polo does not send, nothing works, and that is told from not rolled out at all.
#[tokio::test(flavor = "multi_thread")]
async fn with_another_external_id_nobody_gets_in() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    roll_out(
        &stack,
        &loaded,
        "of-another-polo",
        &[("EnableActionRole", "true")],
    );
    configure_acting(&stack, ACTION_ROLE).await;

    check(&stack).await;

    for name in ["alpha", "bravo"] {
        let account_id = loaded.account(name);
        assert_eq!(
            stack.status(account_id).await,
            "no_access deployed_but_denied"
        );
        assert_eq!(action_verdict(&stack, account_id).await, "denied");
    }
    assert_eq!(
        stack.status(&loaded.management_id).await,
        "pending_setup never_set_up"
    );
    assert_eq!(
        stack.number("SELECT count() FROM collector_runs").await,
        0,
        "nothing is collected"
    );
}

/// Without being enabled there is no action role, and a read role alone is what `active` asks for.
#[tokio::test(flavor = "multi_thread")]
async fn the_action_role_is_off_by_default() {
    let (stack, loaded) = Stack::with(&two_members()).await;
    let external_id = stack.env["POLO_EXTERNAL_ID"].clone();
    roll_out(&stack, &loaded, &external_id, &[]);
    configure_acting(&stack, ACTION_ROLE).await;

    check(&stack).await;

    let alpha = loaded.account("alpha");
    assert_eq!(stack.status(alpha).await, "active role_works");
    assert_eq!(action_verdict(&stack, alpha).await, "denied");
}

pub(crate) fn two_members() -> Organization {
    Organization::default()
        .unit("Workloads", "")
        .unit("Production", "Workloads")
        .account(Account::bare("alpha").in_unit("Production"))
        .account(Account::bare("bravo").in_unit("Workloads"))
}

/// Deploys the template as operators do: a StackSet over the OU, and a stack in the management account, which StackSets
/// leave out.
pub(crate) fn roll_out(stack: &Stack, loaded: &Loaded, external_id: &str, more: &[(&str, &str)]) {
    let given = [
        ("HubAccountId", stack.env["POLO_HUB_ACCOUNT_ID"].as_str()),
        ("ExternalId", external_id),
        ("OrganizationId", &loaded.organization_id),
    ];
    let parameters: Vec<Value> = given
        .iter()
        .chain(more)
        .map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}))
        .collect();
    let body = template();
    let stack_set = stack.env["POLO_STACK_SET_NAME"].as_str();
    let capabilities = json!(["CAPABILITY_NAMED_IAM"]);
    stack.aws(json!([
        {"service": "organizations", "operation": "enable_aws_service_access", "arguments": {
            "ServicePrincipal": "member.org.stacksets.cloudformation.amazonaws.com"
        }},
        {"service": "cloudformation", "operation": "create_stack_set", "arguments": {
            "StackSetName": stack_set, "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": {"Enabled": true, "RetainStacksOnAccountRemoval": false},
            "TemplateBody": body, "Parameters": parameters, "Capabilities": capabilities
        }},
        {"service": "cloudformation", "operation": "create_stack_instances", "arguments": {
            "StackSetName": stack_set, "Regions": ["us-east-1"],
            "DeploymentTargets": {"OrganizationalUnitIds": [loaded.units["Workloads"]]}
        }},
        {"service": "cloudformation", "operation": "create_stack", "arguments": {
            "StackName": stack_set,
            "TemplateBody": body, "Parameters": parameters, "Capabilities": capabilities
        }},
    ]));
}

/// What a deployment with the setting `actionRole` has beyond the local stack's: the name in the functions' environment,
/// with its path if it has one, and the verifier's permission to assume that role.
async fn configure_acting(stack: &Stack, role: &str) {
    for function in ["account-discovery", "access-verifier"] {
        stack
            .configure(function, &[("POLO_ACTION_ROLE_NAME", role)])
            .await;
    }
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": format!("arn:aws:iam::*:role/{role}")
    }]});
    stack.aws(json!([{"service": "iam", "operation": "put_role_policy", "arguments": {
        "RoleName": "dev-polo-access-verifier", "PolicyName": "acting", "PolicyDocument": policy.to_string()
    }}]));
}

/// Everything that goes on by itself until both roles have been tried.
pub(crate) async fn check(stack: &Stack) {
    for schedule in ["hourly-discovery", "access-check-tick"] {
        let settled = stack.fire(schedule).await;
        assert_eq!(settled.dead_letters, 0);
    }
    stack
        .invoke("access-verifier", json!({}))
        .await
        .expect("every account is checked");
}

async fn action_verdict(stack: &Stack, account_id: &str) -> String {
    stack
        .sql(&format!(
            "SELECT action_verdict FROM v_accounts WHERE account_id = '{account_id}'"
        ))
        .await
}

/// As `make` synthesizes it, without white space.
fn template() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../infra/polo/cdk.out/member-roles/dev-polo-member-roles.template.json");
    let text = fs::read(path).expect("the synthesized template: `make up` synthesizes it");
    let template: Value = serde_json::from_slice(&text).expect("JSON");
    template.to_string()
}
