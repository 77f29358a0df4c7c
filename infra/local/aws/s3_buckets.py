"""S3's buckets as they are today: pages with each bucket's region, encrypted and closed to the public from the start, in one region.

Invariant: a call about a bucket is only answered in the bucket's own region; anywhere else AWS names the region and does nothing
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html). GetBucketLocation is answered everywhere.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import InvalidContinuationToken, S3ClientError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend, s3_backends
from moto.s3.responses import S3Response

from aws import pages
from aws.api_call import ApiCall
from aws.errors import Refusal

PAGE_LIMIT = 10_000
_ANYWHERE = {"ListBuckets", "CreateBucket", "GetBucketLocation"}


def refuse_elsewhere(call: ApiCall) -> Refusal | None:
    """The redirection of a call to another region than its bucket's."""
    name = call.path.strip("/").split("/")[0]
    if call.service != "s3" or not name or call.operation in _ANYWHERE or name not in s3_backends.bucket_accounts:
        return None
    partition, account_id = s3_backends.bucket_accounts[name]
    region = s3_backends[account_id][partition].buckets[name].region_name
    if region == call.region:
        return None
    return Refusal(
        301,
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint.",
        {"x-amz-bucket-region": region},
    )


def _create_bucket(original: Any) -> Any:
    def create(self: S3Backend, *args: Any, **kwargs: Any) -> FakeBucket:
        bucket = original(self, *args, **kwargs)
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
        bucket.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
        bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
        return bucket

    return create


def _list_buckets(self: S3Response) -> Any:
    asked = {
        name: self._get_param(name) for name in ("prefix", "bucket-region", "max-buckets", "continuation-token")
        if self._get_param(name) is not None
    }  # fmt: skip
    size = asked.get("max-buckets", str(PAGE_LIMIT))
    if not size.isdigit() or not 1 <= int(size) <= PAGE_LIMIT:
        raise S3ClientError("InvalidArgument", f"Argument max-buckets must be an integer between 1 and {PAGE_LIMIT}")
    if asked.get("bucket-region", self.region) != self.region:
        raise S3ClientError("InvalidArgument", f"Argument value {asked['bucket-region']} is not the region of this endpoint")
    found = self.backend.list_buckets(prefix=asked.get("prefix"), bucket_region=asked.get("bucket-region"), max_buckets=None)
    try:
        page, token = pages.cut(
            pages.fingerprint("buckets", asked, "continuation-token", "max-buckets"),
            sorted(found, key=lambda bucket: bucket.name), asked.get("continuation-token"), int(size),
        )  # fmt: skip
    except pages.BadToken:
        raise InvalidContinuationToken from None
    rows = [{"Name": bucket.name, "CreationDate": bucket.creation_date_ISO8601} for bucket in page]
    if asked:  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Bucket.html: only for requests with a parameter
        for row, bucket in zip(rows, page, strict=True):
            row["BucketRegion"] = bucket.region_name
    answer = {"Owner": {"ID": "bcaf1ffd86f41161ca5fb16fd081034f"}, "Buckets": rows, "Prefix": asked.get("prefix")}
    self.data["Action"] = "ListBuckets"
    return self.serialized(ActionResult({**answer, "ContinuationToken": token}))


def _get_bucket_versioning(original: Any) -> Any:
    def get(self: S3Response) -> Any:
        status, headers, body = original(self)
        # Moto names the root after the operation; SDKs other than boto3 go by its name.
        return status, headers, body.replace("GetBucketVersioningResponse", "VersioningConfiguration")

    return get


def install() -> None:
    """Put these answers in place of moto's."""
    S3Backend.create_bucket = _create_bucket(S3Backend.create_bucket)
    S3Response.all_buckets = _list_buckets
    S3Response.get_bucket_versioning = _get_bucket_versioning(S3Response.get_bucket_versioning)
