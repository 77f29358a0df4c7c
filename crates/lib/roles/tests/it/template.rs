//! What CloudFormation would make of the template.

use serde_json::{Value, json};

use crate::support::{MEMBER, PROVIDER, account, manifests, resolved, shapes, template, values};

const ACTING: [(&str, &str); 3] = [
    ("EnableActionRole", "true"),
    ("ActionRoleTrustedNames", "dev-polo-access-verifier"),
    ("DeletableBucketArns", "arn:aws:s3:::old-exports"),
];

fn trust(more: &[(&str, &str)]) -> Vec<Value> {
    let roles = resolved(more).unwrap();
    let statements = roles["ReadRole"].trust["Statement"].as_array().unwrap();
    statements.clone()
}

#[test]
fn the_read_role_is_what_manifests_and_parameters_say() {
    let roles = resolved(&[]).unwrap();
    assert_eq!(roles.keys().collect::<Vec<_>>(), ["ReadRole"]);
    let role = &roles["ReadRole"];
    assert_eq!(
        (
            role.name.as_str(),
            role.path.as_str(),
            role.max_session_seconds
        ),
        ("dev-PoloReadRole", "/", 3600)
    );
    assert_eq!(
        role.tags.keys().collect::<Vec<_>>(),
        ["polo:template-version"]
    );
    let statements = &role.policies["polo-read"]["Statement"];
    let mut declared: Vec<String> = manifests()
        .into_iter()
        .flat_map(|manifest| manifest.read_actions)
        .collect();
    declared.sort();
    declared.dedup();
    assert_eq!(statements[0]["Action"], json!(declared));
    assert_eq!(
        statements[2]["Resource"],
        format!("arn:aws:iam::{MEMBER}:role/dev-PoloReadRole")
    );
    let patterns: Vec<String> = ["account-discovery", "access-verifier"]
        .into_iter()
        .map(str::to_owned)
        .chain(
            manifests()
                .into_iter()
                .map(|manifest| manifest.id.to_string()),
        )
        .map(|id| format!("arn:*:iam::*:role/dev-polo-{id}"))
        .collect();
    assert_eq!(
        role.trust["Statement"],
        json!([{
            "Sid": "TrustFunctions",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"sts:ExternalId": "polo-4f1c2a"},
                "ArnLike": {"aws:PrincipalArn": patterns},
            },
        }])
    );
}

#[test]
fn both_roles_have_the_path_and_who_is_trusted_has_none() {
    let path = ("RolePath", "/platform/finops/");
    let roles = resolved(&[&ACTING[..], &[path]].concat()).unwrap();
    for (id, name) in [
        ("ReadRole", "dev-PoloReadRole"),
        ("ActionRole", "polo-action-role"),
    ] {
        assert_eq!(
            (roles[id].name.as_str(), roles[id].path.as_str()),
            (name, path.1)
        );
    }
    let own = &roles["ReadRole"].policies["polo-read"]["Statement"][2];
    assert_eq!(
        (&own["Sid"], &own["Resource"]),
        (
            &json!("ReadOwnVersion"),
            &json!(format!(
                "arn:aws:iam::{MEMBER}:role/platform/finops/dev-PoloReadRole"
            ))
        )
    );
    assert_eq!(
        roles["ReadRole"].trust,
        resolved(&[]).unwrap()["ReadRole"].trust
    );
}

#[test]
fn others_and_tokens_are_added_to_the_same_trust_of_the_functions() {
    let others = json!({
        "Sid": "TrustOthers",
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::333333333333:user/one", "arn:aws:iam::333333333333:role/two"]},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "polo-4f1c2a"}},
    });
    let tokens = json!({
        "Sid": "TrustTokens",
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{MEMBER}:oidc-provider/{PROVIDER}")},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            (format!("{PROVIDER}:aud")): "sts.amazonaws.com",
            (format!("{PROVIDER}:sub")): "system:x",
        }},
    });
    let named = (
        "ExtraPrincipalArns",
        "arn:aws:iam::333333333333:user/one,arn:aws:iam::333333333333:role/two",
    );
    let provided = [("OidcProvider", PROVIDER), ("OidcSubject", "system:x")];
    for organization in ["", "o-a1b2c3d4e5"] {
        let organization = ("OrganizationId", organization);
        let alone = trust(&[organization]);
        assert_eq!(alone.len(), 1);
        assert_eq!(
            alone[0]["Condition"]["StringEquals"]["aws:PrincipalOrgID"].as_str(),
            Some(organization.1).filter(|id| !id.is_empty())
        );
        for (more, added) in [
            (vec![named], vec![&others]),
            (provided.to_vec(), vec![&tokens]),
            ([&[named], &provided[..]].concat(), vec![&others, &tokens]),
        ] {
            let expected: Vec<Value> = alone.iter().chain(added).cloned().collect();
            assert_eq!(
                trust(&[&[organization], more.as_slice()].concat()),
                expected
            );
        }
    }
}

#[test]
fn the_action_role_is_there_when_asked_for_and_deletes_in_named_buckets_alone() {
    let roles = resolved(&ACTING).unwrap();
    let role = &roles["ActionRole"];
    assert_eq!(role.name, "polo-action-role");
    assert_eq!(
        role.policies.keys().collect::<Vec<_>>(),
        ["polo-act", "polo-delete-objects"]
    );
    assert_eq!(
        role.policies["polo-delete-objects"]["Statement"][0]["Resource"],
        json!(["arn:aws:s3:::old-exports/*"])
    );
    let roles = resolved(&ACTING[..2]).unwrap();
    assert_eq!(
        roles["ActionRole"].policies.keys().collect::<Vec<_>>(),
        ["polo-act"]
    );
    let roles = resolved(&ACTING[2..]).unwrap();
    assert_eq!(roles.keys().collect::<Vec<_>>(), ["ReadRole"]);
}

#[test]
fn no_partition_but_the_accounts_own_is_in_a_role() {
    let roles = template()
        .resolve(&account("aws-cn"), &values(&ACTING[..2]))
        .unwrap();
    let text = format!("{roles:?}");
    assert!(
        text.contains("arn:aws-cn:") && !text.contains("arn:aws:"),
        "{text}"
    );
}

#[test]
fn as_a_template_parameters_stay_and_given_values_are_defaults() {
    let template = template();
    let open = template.with_defaults(&polo_roles::Values::new()).unwrap();
    assert!(open["Parameters"]["ExternalId"].get("Default").is_none());
    for shape in shapes() {
        let mut closed = template.with_defaults(&values(&shape)).unwrap();
        for (name, value) in values(&shape) {
            assert_eq!(closed["Parameters"][&name]["Default"], value);
        }
        // CloudFormation takes no more in a call; beyond it, a bucket would be needed.
        assert!(serde_json::to_string_pretty(&closed).unwrap().len() < 51_200);
        closed["Parameters"] = open["Parameters"].clone();
        assert_eq!(closed, open, "{shape:?}");
    }
}
