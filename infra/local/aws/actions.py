"""Which IAM action a call needs, and on which resource.

Invariant: an operation that is not listed needs the action of its own name in its service's prefix; the lists hold the exceptions
given by the Service Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/reference/).
"""

from urllib.parse import unquote

# Signing name -> IAM prefix, where they differ.
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "email": "ses"}

S3_ACTIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "HeadObject": "GetObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "DeleteObjects": "DeleteObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}

# AWS lets everybody make these calls, whatever the policies say.
ALWAYS_ALLOWED = {("sts", "GetCallerIdentity")}


def iam_action(service: str, operation: str) -> str:
    """The action as policies spell it, such as `s3:ListAllMyBuckets`."""
    if service == "s3":
        operation = S3_ACTIONS.get(operation, operation)
    if service == "lambda" and operation == "Invoke":
        operation = "InvokeFunction"
    return f"{PREFIXES.get(service, service)}:{operation}"


def resource_of(service: str, operation: str, params: dict[str, str], path: str, account_id: str, region: str) -> str:
    """The ARN that the call acts on, or `*` where the call names none or this table does not know it."""
    if service == "sts" and operation.startswith("AssumeRole"):
        return params.get("RoleArn", "*")
    if service == "iam" and "RoleName" in params:
        return f"arn:aws:iam::{account_id}:role/{params['RoleName']}"
    if service == "cloudformation" and "StackSetName" in params:
        return f"arn:aws:cloudformation:{region}:{account_id}:stackset/{params['StackSetName']}:local"
    if service == "s3" and path.strip("/"):
        return f"arn:aws:s3:::{unquote(path).strip('/')}"
    return "*"
