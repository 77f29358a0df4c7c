"""S3 in an account: a bucket that keeps every version for ever, one that cleans up after itself, one in another region.

Invariant: bucket names are taken by one account in the world, so they hold the account's name.
"""

from accounts import REGIONS, Account
from local_aws import LocalAws
from metrics import Metrics

LARGE_BUCKETS = 12
_DAY_SECONDS = 86_400


def fill(aws: LocalAws, account_id: str, account: Account, metrics: Metrics) -> None:
    """Create the account's buckets."""
    s3, elsewhere = (aws.client("s3", account_id, region) for region in REGIONS)
    versions, logs, copies = (f"acme-{account.name}-{what}" for what in ("data", "logs", "copies"))
    s3.create_bucket(Bucket=versions)
    s3.put_bucket_versioning(Bucket=versions, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=versions, Tagging={"TagSet": [{"Key": "service", "Value": account.service}]})
    s3.create_bucket(Bucket=logs)
    s3.put_bucket_lifecycle_configuration(Bucket=logs, LifecycleConfiguration={"Rules": [{
        "ID": "old-logs", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90},
        "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}], "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }]})  # fmt: skip
    elsewhere.create_bucket(Bucket=copies, CreateBucketConfiguration={"LocationConstraint": REGIONS[1]})
    elsewhere.delete_public_access_block(Bucket=copies)
    if account.size == "large":
        for number in range(LARGE_BUCKETS):
            s3.create_bucket(Bucket=f"acme-{account.name}-export-{number:02}")
    for region, bucket, size in ((REGIONS[0], versions, 8e11), (REGIONS[0], logs, 4e10), (REGIONS[1], copies, 2e9)):
        for name, storage, value, unit in (
            ("BucketSizeBytes", "StandardStorage", size, "Bytes"), ("NumberOfObjects", "AllStorageTypes", size / 1e6, "Count"),
        ):  # fmt: skip
            metrics.add(
                region, "AWS/S3", name, {"BucketName": bucket, "StorageType": storage}, value, unit=unit, every_s=_DAY_SECONDS
            )


def count(aws: LocalAws, account_id: str) -> dict[str, int]:
    """How many there are, in all regions."""
    pages = aws.client("s3", account_id).get_paginator("list_buckets").paginate()
    return {"s3_bucket": sum(len(page.get("Buckets", [])) for page in pages)}
