"""Buckets as S3 answers about them today: pages, regions, defaults, other accounts."""

import http.client
import json
import unittest
import urllib.parse

import harness as aws

READS = {
    "ListBuckets": "s3:ListAllMyBuckets", "GetBucketLocation": "s3:GetBucketLocation", "GetBucketTagging": "s3:GetBucketTagging",
    "GetBucketVersioning": "s3:GetBucketVersioning", "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration", "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}  # fmt: skip


def raw(host: str, path: str, region: str = "us-east-1") -> tuple[int, dict[str, str], str]:
    """One GET without an SDK, which would follow redirections and forgive a wrong root element."""
    port = urllib.parse.urlparse(aws.address()).port
    connection = http.client.HTTPConnection("localhost", port)
    scope = f"AWS4-HMAC-SHA256 Credential=AKIALOCAL/20261121/{region}/s3/aws4_request, SignedHeaders=host, Signature=0"
    connection.request("GET", path, headers={"Host": f"{host}:{port}", "Authorization": scope})
    response = connection.getresponse()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()


class Buckets(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.account_id, cls.credentials = aws.member([*READS.values()])
        admin = aws.enter(cls.account_id)
        cls.s3, cls.europe = aws.client("s3", admin), aws.client("s3", admin, "eu-central-1")
        for name in ("b-one", "b-two", "b-three"):
            cls.s3.create_bucket(Bucket=name)
        cls.europe.create_bucket(Bucket="b-europe", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        cls.s3.put_bucket_versioning(Bucket="b-one", VersioningConfiguration={"Status": "Enabled"})
        cls.s3.put_bucket_tagging(Bucket="b-one", Tagging={"TagSet": [{"Key": "team", "Value": "shop"}]})
        rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
        cls.s3.put_bucket_lifecycle_configuration(Bucket="b-one", LifecycleConfiguration={"Rules": [rule]})

    def tearDown(self) -> None:
        aws.control("POST", "options", {"page_limit": None})

    def test_list_in_pages_with_regions(self) -> None:
        s3 = aws.client("s3", self.credentials)
        pages = aws.follow(s3.list_buckets, "Buckets", "ContinuationToken", "ContinuationToken", MaxBuckets=3)
        self.assertEqual([[bucket["Name"] for bucket in page] for page in pages], [["b-europe", "b-one", "b-three"], ["b-two"]])
        self.assertEqual({bucket["Name"]: bucket["BucketRegion"] for bucket in sum(pages, [])}["b-europe"], "eu-central-1")
        plain = s3.list_buckets()  # without any parameter AWS leaves the region out
        self.assertEqual((len(plain["Buckets"]), plain["Buckets"][0].get("BucketRegion")), (4, None))
        self.assertEqual([bucket["Name"] for bucket in s3.list_buckets(Prefix="b-t")["Buckets"]], ["b-three", "b-two"])
        here = s3.list_buckets(BucketRegion="us-east-1", MaxBuckets=100)["Buckets"]
        self.assertNotIn("b-europe", [bucket["Name"] for bucket in here])
        aws.control("POST", "options", {"page_limit": 1})
        self.assertEqual(len(aws.follow(s3.list_buckets, "Buckets", "ContinuationToken", "ContinuationToken")), 4)

    def test_list_refuses(self) -> None:
        s3 = aws.client("s3", self.credentials)
        for more in ({"ContinuationToken": "x"}, {"MaxBuckets": 10_001}, {"BucketRegion": "eu-west-1"}):
            self.assertEqual(aws.refused(lambda more=more: s3.list_buckets(**more))[:2], (400, "InvalidArgument"), more)

    def test_only_in_the_buckets_own_region(self) -> None:
        status, headers, body = raw("localhost", "/b-europe?versioning")
        self.assertEqual((status, headers["x-amz-bucket-region"]), (301, "eu-central-1"))
        self.assertIn("<Code>PermanentRedirect</Code>", body)
        self.assertEqual(raw("b-europe.localhost", "/?versioning")[0], 301)
        for path in ("/b-europe?location", "/?x-id=ListBuckets"):
            self.assertNotEqual(raw("localhost", path)[0], 301)
        europe = aws.client("s3", self.credentials, "eu-central-1")
        europe.get_bucket_versioning(Bucket="b-europe")
        self.assertEqual(europe.get_bucket_location(Bucket="b-europe")["LocationConstraint"], "eu-central-1")
        self.assertIsNone(aws.client("s3", self.credentials).get_bucket_location(Bucket="b-one")["LocationConstraint"])

    def test_defaults_of_a_new_bucket(self) -> None:
        s3 = aws.client("s3", self.credentials)
        (rule,) = s3.get_bucket_encryption(Bucket="b-two")["ServerSideEncryptionConfiguration"]["Rules"]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        self.assertEqual(set(s3.get_public_access_block(Bucket="b-two")["PublicAccessBlockConfiguration"].values()), {True})
        self.assertNotIn("Status", s3.get_bucket_versioning(Bucket="b-two"))
        lifecycle = s3.get_bucket_lifecycle_configuration
        for call, code in ((s3.get_bucket_tagging, "NoSuchTagSet"), (lifecycle, "NoSuchLifecycleConfiguration")):
            self.assertEqual(aws.refused(lambda call=call: call(Bucket="b-two"))[:2], (404, code))
        self.s3.delete_public_access_block(Bucket="b-three")
        missing = aws.refused(lambda: s3.get_public_access_block(Bucket="b-three"))
        self.assertEqual(missing[:2], (404, "NoSuchPublicAccessBlockConfiguration"))
        self.assertEqual(aws.refused(lambda: s3.get_bucket_versioning(Bucket="b-nowhere"))[:2], (404, "NoSuchBucket"))

    def test_root_elements(self) -> None:
        aws.client("s3").create_bucket(Bucket="hub-bucket")
        for query, root in (("versioning", "VersioningConfiguration"), ("encryption", "ServerSideEncryptionConfiguration"),
                            ("publicAccessBlock", "PublicAccessBlockConfiguration"), ("location", "LocationConstraint")):  # fmt: skip
            body = raw("hub-bucket.localhost", f"/?{query}")[2]
            self.assertIn(f"<{root} xmlns=", body)

    def test_every_read_needs_its_own_action(self) -> None:
        s3 = aws.client("s3", self.credentials)
        for operation, action in READS.items():
            with self.subTest(operation=operation):
                method = s3.meta.method_to_api_mapping
                name = next(key for key, value in method.items() if value == operation)
                arguments = {} if operation == "ListBuckets" else {"Bucket": "b-one"}
                getattr(s3, name)(**arguments)
                statements = [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": action, "Resource": "*"}]
                arn = aws.role(self.account_id, aws.trust(), statements, name=f"{operation}-PoloReadRole")
                denied = aws.client("s3", aws.assume(arn)["Credentials"])
                status, code, message = aws.refused(lambda: getattr(denied, name)(**arguments))
                self.assertEqual((status, code), (403, "AccessDenied"))
                self.assertIn(f"is not authorized to perform: {action}", message)

    def test_another_accounts_bucket(self) -> None:
        self.assertEqual(aws.refused(lambda: aws.client("s3").get_bucket_versioning(Bucket="b-one"))[:2], (403, "AccessDenied"))

    def test_a_policy_on_one_bucket(self) -> None:
        statements = [{"Effect": "Allow", "Action": "s3:GetBucketVersioning", "Resource": "arn:aws:s3:::b-one"}]
        s3 = aws.client("s3", aws.assume(aws.role(self.account_id, aws.trust(), statements, name="one-PoloReadRole"))["Credentials"])
        s3.get_bucket_versioning(Bucket="b-one")
        self.assertEqual(aws.refused(lambda: s3.get_bucket_versioning(Bucket="b-two"))[1], "AccessDenied")

    def test_faults(self) -> None:
        aws.control("POST", "faults", {"service": "s3", "operation": "GetBucketTagging", "account_id": self.account_id, "status": 503,
                                       "code": "SlowDown", "message": json.dumps("slow"), "times": 1})  # fmt: skip
        s3 = aws.client("s3", self.credentials)
        self.assertEqual(aws.refused(lambda: s3.get_bucket_tagging(Bucket="b-one"))[:2], (503, "SlowDown"))
        self.assertEqual(s3.get_bucket_tagging(Bucket="b-one")["TagSet"], [{"Key": "team", "Value": "shop"}])


if __name__ == "__main__":
    unittest.main()
