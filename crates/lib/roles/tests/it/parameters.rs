//! What the template and IAM would refuse is refused first, in one sentence with the value and the fix.

use polo_roles::{RolesError, Values};

use crate::support::{account, resolved, template, values};

#[test]
fn what_the_template_refuses_is_refused_in_its_words() {
    for (name, value, expected) in [
        (
            "ReadRoleName",
            "dev-*",
            "the parameter ReadRoleName is \"dev-*\": it must be a role name",
        ),
        ("ReadRoleName", "", "must be a role name"),
        ("ReadRoleName", "dev\n", "must be a role name"),
        ("RolePath", "platform", "must begin and end with a slash"),
        (
            "HubAccountId",
            "12345",
            "must be an account id of 12 digits",
        ),
        (
            "ReadRoleTrustedNames",
            "dev-polo-x,*",
            "is \"*\": it must list role names",
        ),
        ("ReadRoleTrustedNames", "", "must list role names"),
        ("ExternalId", "x", "must have 2 to 1224 letters"),
        ("ExternalId", "a\"b", "must have 2 to 1224 letters"),
        ("OrganizationId", "r-a1b2", "must be an organization id"),
        ("EnableActionRole", "yes", "must be true or false"),
        (
            "ActionRoleTrustedNames",
            "dev-polo-x,",
            "is \"\": it must list role names",
        ),
        (
            "DeletableBucketArns",
            "arn:aws:s3:::old/*",
            "must list bucket ARNs without wildcard",
        ),
        (
            "ExtraPrincipalArns",
            "arn:aws:iam::333333333333:root",
            "must list ARNs of roles or IAM users",
        ),
        (
            "OidcProvider",
            "https://x.example.com",
            "must be an address without https://",
        ),
        ("OidcAudience", "*", "must be one audience without wildcard"),
        (
            "OidcSubject",
            "system:*",
            "must be one subject without wildcard",
        ),
    ] {
        let refused = resolved(&[(name, value)]).unwrap_err();
        assert!(matches!(&refused, RolesError::Value { parameter, .. } if parameter == name));
        let sentence = refused.to_string();
        assert!(
            sentence.contains(expected) && !sentence.contains('\n'),
            "{name}: {sentence}"
        );
        let given = Values::from([(name.to_owned(), value.to_owned())]);
        assert_eq!(template().with_defaults(&given), Err(refused));
    }
    let longest = "x".repeat(1225);
    assert!(matches!(
        resolved(&[("ExternalId", &longest)]),
        Err(RolesError::Value { .. })
    ));
}

#[test]
fn what_has_no_default_is_missed_by_name() {
    for name in [
        "ReadRoleName",
        "HubAccountId",
        "ReadRoleTrustedNames",
        "ExternalId",
    ] {
        let mut given = values(&[]);
        given.remove(name).unwrap();
        let refused = template().resolve(&account("aws"), &given).unwrap_err();
        assert!(
            matches!(&refused, RolesError::Missing { parameter, .. } if parameter == name),
            "{refused}"
        );
    }
    let unknown = resolved(&[("TrustedRoleNames", "x")])
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("no parameter TrustedRoleNames"),
        "{unknown}"
    );
}

#[test]
fn what_iam_would_refuse_in_the_middle_of_a_rollout_is_refused_before() {
    let long = "x".repeat(1200);
    let others = [
        ("ExternalId", long.as_str()),
        ("ExtraPrincipalArns", "arn:aws:iam::333333333333:user/one"),
    ];
    let trust = resolved(&others).unwrap_err().to_string();
    assert!(
        trust.starts_with("the trust policy of dev-PoloReadRole would have"),
        "{trust}"
    );

    let buckets: Vec<String> = (0..150)
        .map(|number| format!("arn:aws:s3:::{}-{number}", "b".repeat(58)))
        .collect();
    let acting = [
        ("EnableActionRole", "true"),
        ("DeletableBucketArns", &buckets.join(",")),
    ];
    let policies = resolved(&acting).unwrap_err().to_string();
    assert!(
        policies.starts_with("the policies of polo-action-role would have"),
        "{policies}"
    );

    let same = [
        ("EnableActionRole", "true"),
        ("ActionRoleName", "DEV-POLOREADROLE"),
    ];
    let same = resolved(&same).unwrap_err();
    assert!(matches!(same, RolesError::SameName { .. }), "{same}");
}
