//! What the tests share: the filled template, an account, and the settings under which roles differ in shape.

use std::path::Path;

use polo_core::{CollectorManifest, Partition};
use polo_roles::{Account, Roles, RolesError, Template, Values, read_role_trusted_names};

pub(crate) const MEMBER: &str = "222222222222";
pub(crate) const PROVIDER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/0123";

pub(crate) fn manifests() -> Vec<CollectorManifest> {
    let collectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../collectors");
    let mut manifests: Vec<CollectorManifest> = std::fs::read_dir(collectors)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter_map(|entry| {
            let json = std::fs::read_to_string(entry.path().join("collector.json")).ok()?;
            let folder = entry.file_name().into_string().unwrap();
            Some(CollectorManifest::parse(&folder, &json).unwrap())
        })
        .collect();
    manifests.sort_by(|one, other| one.id.cmp(&other.id));
    assert!(!manifests.is_empty());
    manifests
}

pub(crate) fn template() -> Template {
    Template::filled(&manifests()).unwrap()
}

pub(crate) fn account(partition: &str) -> Account {
    Account {
        id: MEMBER.parse().unwrap(),
        partition: Partition::of_arn(&format!("arn:{partition}:iam")).unwrap(),
    }
}

/// What has no default, and these.
pub(crate) fn values(more: &[(&str, &str)]) -> Values {
    let trusted = read_role_trusted_names("dev", &manifests()).join(",");
    let required = [
        ("ReadRoleName", "dev-PoloReadRole"),
        ("HubAccountId", "111111111111"),
        ("ReadRoleTrustedNames", trusted.as_str()),
        ("ExternalId", "polo-4f1c2a"),
    ];
    required
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(crate) fn resolved(more: &[(&str, &str)]) -> Result<Roles, RolesError> {
    template().resolve(&account("aws"), &values(more))
}

/// Every setting that changes the roles' shape, alone and together.
pub(crate) fn shapes() -> Vec<Vec<(&'static str, &'static str)>> {
    let action = ("EnableActionRole", "true");
    let trusted = ("ActionRoleTrustedNames", "dev-polo-access-verifier");
    let buckets = (
        "DeletableBucketArns",
        "arn:aws:s3:::old-exports,arn:aws:s3:::logs.2019",
    );
    let organization = ("OrganizationId", "o-a1b2c3d4e5");
    let others = (
        "ExtraPrincipalArns",
        "arn:aws:iam::333333333333:user/port-ocean,arn:aws:iam::333333333333:role/team/reader",
    );
    let provider = ("OidcProvider", PROVIDER);
    let subject = (
        "OidcSubject",
        "system:serviceaccount:port-ocean:port-ocean-aws-v3",
    );
    let audience = ("OidcAudience", "polo.example.com");
    vec![
        vec![],
        vec![organization],
        vec![action, trusted],
        vec![action, trusted, buckets],
        vec![("RolePath", "/platform/finops/")],
        vec![action, trusted, buckets, ("RolePath", "/platform/")],
        vec![others],
        vec![provider, subject],
        vec![organization, others, provider, subject, audience],
        vec![
            action,
            trusted,
            buckets,
            organization,
            others,
            provider,
            subject,
            audience,
            ("RolePath", "/platform/"),
            ("ActionRoleName", "-acting=,.@+"),
        ],
    ]
}
