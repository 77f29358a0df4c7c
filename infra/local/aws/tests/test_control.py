"""The control endpoints, faults, the call log, and answers on the wire."""

import http.client
import json
import unittest
import urllib.parse

import harness as aws


def raw(headers: dict[str, str], body: str, service: str, path: str = "/") -> tuple[int, dict[str, str], str]:
    """One signed-looking request without an SDK, to see the bytes."""
    connection = http.client.HTTPConnection("localhost", urllib.parse.urlparse(aws.address()).port)
    scope = f"AWS4-HMAC-SHA256 Credential=AKIAMANAGEMENT000000/20261121/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    connection.request("POST", path, body, {"Authorization": scope, **headers})
    response = connection.getresponse()
    return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read().decode("utf-8", "replace")


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Faults(unittest.TestCase):
    def setUp(self) -> None:
        aws.fresh()
        aws.organization()

    def test_times_and_skip(self) -> None:
        fault = {"service": "organizations", "operation": "ListAccounts", "status": 400, "code": "TooManyRequestsException",
                 "message": "Rate exceeded", "times": 2, "skip": 1}  # fmt: skip
        self.assertEqual(aws.control("POST", "faults", fault)[0], 200)
        organizations = aws.client("organizations")
        outcomes = []
        for _ in range(5):
            try:
                organizations.list_accounts()
                outcomes.append("ok")
            except aws.ClientError as error:
                outcomes.append(error.response["Error"]["Code"])
        self.assertEqual(outcomes, ["ok", "TooManyRequestsException", "TooManyRequestsException", "ok", "ok"])
        self.assertEqual(aws.control("GET", "faults")[1], {"faults": []})

    def test_only_what_matches(self) -> None:
        account_id = aws.account("shop")
        arn = aws.role(account_id, aws.trust(), ["ec2:*"])
        credentials = aws.assume(arn)["Credentials"]
        fault = {"service": "ec2", "operation": "DescribeVolumes", "account_id": account_id, "region": "eu-west-1",
                 "status": 503, "code": "RequestLimitExceeded", "message": "slow down"}  # fmt: skip
        aws.control("POST", "faults", fault)
        aws.client("ec2", credentials).describe_volumes()
        aws.client("ec2", region="eu-west-1").describe_volumes()
        aws.client("ec2", credentials, "eu-west-1").describe_snapshots()
        refused = aws.refused(aws.client("ec2", credentials, "eu-west-1").describe_volumes)
        self.assertEqual(refused, (503, "RequestLimitExceeded", "slow down"))
        aws.control("DELETE", "faults")
        aws.client("ec2", credentials, "eu-west-1").describe_volumes()

    def test_an_account_of_assume_role_is_the_roles_too(self) -> None:
        one, two = aws.account("one"), aws.account("two")
        arns = [aws.role(account_id, aws.trust()) for account_id in (one, two)]
        aws.control("POST", "faults", {"service": "sts", "operation": "AssumeRole", "account_id": one, "status": 400,
                                       "code": "Throttling", "message": "Rate exceeded", "times": 1})  # fmt: skip
        aws.assume(arns[1])
        self.assertEqual(aws.refused(lambda: aws.assume(arns[0])), (400, "Throttling", "Rate exceeded"))
        aws.assume(arns[0])

    def test_bad_orders(self) -> None:
        good = {"service": "ec2", "operation": "*", "status": 500, "code": "InternalError"}
        for wrong in ({"status": 200}, {"status": "500"}, {"times": -1}, {"times": 0}, {"skip": "x"}, {"sevice": "ec2"}):
            status, answer = aws.control("POST", "faults", {**good, **wrong})
            self.assertEqual(status, 400, answer)
            self.assertIn("error", answer)
        self.assertEqual(aws.control("POST", "faults", {"service": "ec2"})[0], 400)
        self.assertEqual(aws.control("GET", "faults")[1], {"faults": []})

    def test_shapes_on_the_wire(self) -> None:
        aws.control("POST", "faults", {"service": "*", "operation": "*", "status": 418, "code": "Odd<Code>", "message": 'a "b" & <c>'})
        status, _, body = raw(FORM, "Action=DescribeVolumes&Version=2016-11-15", "ec2")
        self.assertEqual(status, 418)
        self.assertIn("<Response><Errors><Error><Code>Odd&lt;Code&gt;</Code><Message>a \"b\" &amp; &lt;c&gt;</Message>", body)
        _, headers, body = raw(FORM, "Action=GetCallerIdentity&Version=2011-06-15", "sts")
        self.assertIn("<ErrorResponse><Error><Type>Sender</Type><Code>Odd&lt;Code&gt;</Code>", body)
        self.assertIn("x-amzn-requestid", headers)
        target = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSOrganizationsV20161128.ListAccounts"}
        _, headers, body = raw(target, "{}", "organizations")
        self.assertEqual((headers["x-amzn-errortype"], json.loads(body)), ("Odd<Code>", {"__type": "Odd<Code>", "message": 'a "b" & <c>'}))
        _, _, body = raw({}, "", "s3", "/bucket")
        self.assertIn("<Error><Code>Odd&lt;Code&gt;</Code>", body)
        _, headers, body = raw({}, "{}", "savingsplans", "/DescribeSavingsPlans")
        self.assertEqual((headers["x-amzn-errortype"], json.loads(body)["message"]), ("Odd<Code>", 'a "b" & <c>'))


class Calls(unittest.TestCase):
    def test_log(self) -> None:
        aws.fresh()
        _, log = aws.control("GET", "calls")
        start = log["next"]
        aws.organization()
        account_id = aws.account("shop")
        arn = aws.role(account_id, aws.trust(), ["ec2:DescribeVolumes"])
        _, before = aws.control("GET", f"calls?since={start}")
        self.assertEqual(before["calls"][0]["operation"], "CreateOrganization")
        credentials = aws.assume(arn)["Credentials"]
        aws.client("ec2", credentials, "eu-west-1").describe_volumes()
        aws.refused(aws.client("ec2", credentials).describe_snapshots)
        _, log = aws.control("GET", f"calls?since={before['next']}")
        assume, volumes, snapshots = log["calls"]
        self.assertEqual([call["n"] for call in log["calls"]], list(range(before["next"], log["next"])))
        self.assertEqual(
            {key: assume[key] for key in ("service", "operation", "account_id", "region")},
            {"service": "sts", "operation": "AssumeRole", "account_id": aws.HUB, "region": "us-east-1"},
        )
        self.assertEqual((assume["params"]["RoleArn"], assume["params"]["RoleSessionName"]), (arn, "polo-test"))
        self.assertNotIn(aws.EXTERNAL_ID, json.dumps(log))
        self.assertIn("assumed-role/dev-polo-access-verifier/", assume["caller_arn"])
        self.assertEqual((volumes["account_id"], volumes["region"]), (account_id, "eu-west-1"))
        self.assertEqual((snapshots["operation"], snapshots["error"]), ("DescribeSnapshots", "UnauthorizedOperation"))
        self.assertEqual(aws.control("GET", "calls?since=x")[0], 400)

    def test_rest_operations_have_names(self) -> None:
        aws.fresh()
        start = aws.control("GET", "calls")[1]["next"]
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="b-one")
        s3.list_buckets()
        s3.get_bucket_versioning(Bucket="b-one")
        s3.put_object(Bucket="b-one", Key="a/b", Body=b"x")
        s3.get_object(Bucket="b-one", Key="a/b")
        s3.list_objects_v2(Bucket="b-one")
        names = [call["operation"] for call in aws.control("GET", f"calls?since={start}")[1]["calls"]]
        self.assertEqual(names, ["CreateBucket", "ListBuckets", "GetBucketVersioning", "PutObject", "GetObject", "ListObjectsV2"])


class Credentials(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()

    def test_hub_roles_come_from_the_template(self) -> None:
        _, ping = aws.control("GET", "ping")
        self.assertTrue(ping["ready"])
        self.assertIn(f"arn:aws:iam::{aws.HUB}:role/dev-polo-account-discovery", ping["hub_role_arns"])

    def test_function_credentials_with_all_rights(self) -> None:
        aws.organization()
        role = "dev-polo-account-discovery"
        arn = aws.role(aws.account("shop"), aws.trust())
        own, wide = (aws.control("GET", f"function-credentials?role_name={role}&rights={rights}")[1] for rights in ("own", "all"))
        self.assertEqual(aws.refused(lambda: aws.assume(arn, own))[1], "AccessDenied")
        aws.assume(arn, wide)
        self.assertIn(f"/{role}/", aws.client("sts", wide).get_caller_identity()["Arn"])
        status, answer = aws.control("GET", f"function-credentials?role_name={role}&rights=some")
        self.assertEqual((status, answer["error"]), (400, "rights is 'some': it must be own or all"))

    def test_hub_stacks_are_deployed(self) -> None:
        stack_id = f"arn:aws:cloudformation:us-east-1:{aws.HUB}:stack/hub/local"
        for _ in range(2):
            (stack,) = aws.client("cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
            self.assertEqual((stack["StackId"], stack["StackStatus"]), (stack_id, "CREATE_COMPLETE"))
            aws.fresh()

    def test_functions_are_their_role(self) -> None:
        answer = aws.function("dev-polo-account-discovery")
        self.assertEqual(set(answer), {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"})
        self.assertTrue(answer["Expiration"].endswith("Z"))
        arn = aws.client("sts", answer).get_caller_identity()["Arn"]
        self.assertEqual(arn, f"arn:aws:sts::{aws.HUB}:assumed-role/dev-polo-account-discovery/dev-polo-account-discovery")

    def test_refused(self) -> None:
        for query in ("role_name=dev-polo-nothing", "role_name=dev-polo-states"):
            status, answer = aws.control("GET", f"function-credentials?{query}")
            self.assertEqual(status, 404)
            self.assertIn("dev-polo-", answer["error"])
        self.assertEqual(aws.control("GET", "function-credentials")[0], 400)
        self.assertEqual(aws.control("GET", "nothing")[0], 404)

    def test_users_of_the_account(self) -> None:
        iam = aws.client("iam")
        iam.create_user(UserName="anna")
        key = iam.create_access_key(UserName="anna")["AccessKey"]
        identity = aws.client("sts", {**key, "SessionToken": None}).get_caller_identity()
        self.assertEqual(identity["Arn"], f"arn:aws:iam::{aws.HUB}:user/anna")

    def test_unsigned_requests(self) -> None:
        connection = http.client.HTTPConnection("localhost", urllib.parse.urlparse(aws.address()).port)
        connection.request("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", FORM)
        response = connection.getresponse()
        self.assertEqual(response.status, 403)
        self.assertIn(b"MissingAuthenticationToken", response.read())


class Options(unittest.TestCase):
    def test_bad_options_change_nothing(self) -> None:
        aws.fresh()
        before = aws.control("GET", "options")[1]
        for wrong in (
            {"account_path": True}, {"account_paths": "yes"}, {"account_state": "x"}, {"enabled_regions": []}, {"ec2_page_limit": 1},
            {"page_limit": 0}, {"account_paths": False, "account_state": "x"}, {"account_id": "1", "account_paths": True},
        ):  # fmt: skip
            self.assertEqual(aws.control("POST", "options", wrong)[0], 400, wrong)
        self.assertEqual(aws.control("GET", "options")[1], before)


class Unimplemented(unittest.TestCase):
    def test_is_an_answer_that_nobody_retries(self) -> None:
        aws.fresh()
        refused = aws.refused(aws.client("ec2").describe_reserved_instances)
        self.assertEqual(refused, (501, "NotImplemented", "the local AWS has no ec2:DescribeReservedInstances"))
        self.assertEqual(aws.refused(aws.client("savingsplans").describe_savings_plans_offering_rates)[0], 501)
        ce = aws.refused(lambda: aws.client("ce").get_cost_forecast(
            TimePeriod={"Start": "2026-01-01", "End": "2026-01-02"}, Metric="BLENDED_COST", Granularity="DAILY"))  # fmt: skip
        self.assertEqual(ce[0], 501)


class Reset(unittest.TestCase):
    def test_leaves_an_empty_aws_with_the_hub_roles(self) -> None:
        aws.fresh()
        aws.organization()
        account_id = aws.account("shop")
        credentials = aws.enter(account_id)
        aws.fresh()
        self.assertEqual(aws.refused(aws.client("organizations").list_accounts)[1], "AWSOrganizationsNotInUseException")
        self.assertEqual(aws.refused(aws.client("sts", credentials).get_caller_identity)[1], "InvalidClientTokenId")
        aws.function()


if __name__ == "__main__":
    unittest.main()
