//! An active account with buckets that have nothing set, until a test sets something.

use config_s3::ConfigS3;
use polo_testkit::aws::{Call, Reply, escape};
use polo_testkit::collector;

/// The calls about one bucket, each with its IAM action.
pub(crate) const DETAILS: [(&str, &str); 5] = [
    ("GetBucketTagging", "s3:GetBucketTagging"),
    ("GetBucketVersioning", "s3:GetBucketVersioning"),
    (
        "GetBucketLifecycleConfiguration",
        "s3:GetLifecycleConfiguration",
    ),
    ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
];

/// The world of a test.
pub(crate) type World = collector::World<ConfigS3>;

/// An account with these buckets: name and region, empty where the listing does not tell it.
pub(crate) async fn with_buckets(buckets: &[(&str, &str)]) -> World {
    let world = World::new().await;
    for (operation, _) in DETAILS {
        answers(&world, operation, nothing(operation));
    }
    lists(&world, buckets);
    world
}

/// The account has these buckets from now on.
pub(crate) fn lists(world: &World, buckets: &[(&str, &str)]) {
    answers(world, "ListBuckets", page(buckets, None));
}

/// One operation of S3 answers with this from now on.
pub(crate) fn answers(world: &World, operation: &str, reply: Reply) {
    world.answers("s3", operation, reply);
}

/// The same for one bucket; the others have nothing set.
pub(crate) fn answers_for(world: &World, operation: &str, bucket: &str, reply: Reply) {
    let (bucket, operation_of) = (bucket.to_owned(), operation.to_owned());
    world.aws.on("s3", operation, move |call: &Call| {
        if call.bucket() == bucket {
            reply.clone()
        } else {
            nothing(&operation_of)
        }
    });
}

/// How S3 says that a bucket has nothing of the kind.
pub(crate) fn nothing(operation: &str) -> Reply {
    let (code, message) = match operation {
        "GetBucketTagging" => ("NoSuchTagSet", "The TagSet does not exist"),
        "GetBucketLifecycleConfiguration" => (
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        ),
        "GetBucketEncryption" => (
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        ),
        "GetPublicAccessBlock" => (
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        ),
        _ => return versioning(""),
    };
    Reply::error(404, code, message)
}

/// S3's refusal of one action.
pub(crate) fn denied(action: &str) -> Reply {
    Reply::error(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:sts::123456789012:assumed-role/dev-PoloReadRole/polo is not authorized to perform: {action} \
             because no identity-based policy allows the {action} action"
        ),
    )
}

/// S3's answer to too many requests.
pub(crate) fn slow_down() -> Reply {
    Reply::error(503, "SlowDown", "Please reduce your request rate.")
}

/// A page of ListBuckets.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
pub(crate) fn page(buckets: &[(&str, &str)], token: Option<&str>) -> Reply {
    let buckets: String = buckets
        .iter()
        .map(|(name, region)| {
            format!(
                "<Bucket><Name>{name}</Name><CreationDate>2019-12-11T23:32:47+00:00</CreationDate>\
                 <BucketRegion>{region}</BucketRegion></Bucket>"
            )
        })
        .collect();
    let token = token
        .map(|token| format!("<ContinuationToken>{}</ContinuationToken>", escape(token)))
        .unwrap_or_default();
    Reply::ok(format!(
        "<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Buckets>{buckets}</Buckets>\
         <Owner><ID>AIDACKCEVSQ6C2EXAMPLE</ID></Owner>{token}</ListAllMyBucketsResult>"
    ))
}

/// An answer of GetBucketVersioning.
pub(crate) fn versioning(status: &str) -> Reply {
    let status = if status.is_empty() {
        String::new()
    } else {
        format!("<Status>{status}</Status>")
    };
    Reply::ok(format!(
        "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{status}</VersioningConfiguration>"
    ))
}

/// An answer of GetBucketLifecycleConfiguration with one rule for all objects.
pub(crate) fn lifecycle(status: &str, does: &str) -> Reply {
    Reply::ok(format!(
        "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ID>rule</ID><Filter/>\
         <Status>{status}</Status>{does}</Rule></LifecycleConfiguration>"
    ))
}

/// An answer of GetBucketTagging with one tag.
pub(crate) fn tagging(key: &str, value: &str) -> Reply {
    Reply::ok(format!(
        "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag><Key>{key}</Key>\
         <Value>{value}</Value></Tag></TagSet></Tagging>"
    ))
}

/// An answer of GetBucketLocation.
pub(crate) fn location(constraint: &str) -> Reply {
    Reply::ok(format!(
        "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{constraint}</LocationConstraint>"
    ))
}

/// The attributes of one bucket as `v_resources` shows them.
pub(crate) async fn attributes(world: &World, bucket: &str) -> serde_json::Value {
    let rows = world.resources().await;
    let found = rows.iter().find(|row| row["resource_id"] == bucket);
    found.unwrap_or_else(|| panic!("no row of {bucket}"))["attributes"].clone()
}
