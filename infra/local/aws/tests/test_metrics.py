"""GetMetricData in JSON, as boto3 speaks it, and in CBOR, as the Rust SDK does."""

import datetime
import http.client
import unittest
import urllib.parse
from typing import Any

import harness as aws
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

HOUR = datetime.timedelta(hours=1)
TODAY = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAY = TODAY - datetime.timedelta(days=2)  # a whole day that is over


def query(
    name: str, metric: str = "CPUUtilization", instance: str = "i-busy", period: int = 3600, stat: str = "Average", **more: Any
) -> dict[str, Any]:
    dimensions = [{"Name": "InstanceId", "Value": instance}]
    metric_stat = {"Metric": {"Namespace": "AWS/EC2", "MetricName": metric, "Dimensions": dimensions}, "Period": period, "Stat": stat}
    return {"Id": name, "MetricStat": metric_stat, **more}


def over_cbor(credentials: dict[str, Any], request: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    """One GetMetricData over Smithy RPC v2 CBOR, with botocore's serializer and parser."""
    operation = aws.client("cloudwatch").meta.service_model.operation_model("GetMetricData")
    sent = create_serializer("smithy-rpc-v2-cbor").serialize_to_request(request, operation)
    scope = f"Credential={credentials['AccessKeyId']}/20261121/us-east-1/monitoring/aws4_request"
    connection = http.client.HTTPConnection("localhost", urllib.parse.urlparse(aws.address()).port)
    connection.request("POST", "/service/GraniteServiceVersion20100801/operation/GetMetricData", sent["body"], {
        **sent["headers"], "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        "X-Amz-Security-Token": credentials["SessionToken"],
    })  # fmt: skip
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    answer = {"status_code": response.status, "headers": headers, "body": response.read()}
    return response.status, headers, create_parser("smithy-rpc-v2-cbor").parse(answer, operation.output_shape)


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.account_id, cls.credentials = aws.member(["cloudwatch:GetMetricData"])
        place = {"account_id": cls.account_id, "region": "us-east-1", "namespace": "AWS/EC2"}
        aws.seed("metrics", metrics=[
            {**place, "metric_name": "CPUUtilization", "dimensions": {"InstanceId": "i-busy"}, "value": 50, "swing": 20, "unit": "Percent"},
            {**place, "metric_name": "CPUUtilization", "dimensions": {"InstanceId": "i-idle"}, "value": 1.25, "unit": "Percent"},
            {**place, "metric_name": "NetworkOut", "dimensions": {"InstanceId": "i-busy"}, "value": 100, "unit": "Bytes", "every_s": 60},
            {**place, "metric_name": "NetworkOut", "dimensions": {"InstanceId": "i-late"}, "value": 7,
             "start": (DAY + 20 * HOUR).isoformat(), "end": (DAY + 22 * HOUR).isoformat()},
        ])  # fmt: skip
        cls.cloudwatch = aws.client("cloudwatch", cls.credentials)

    def tearDown(self) -> None:
        aws.control("DELETE", "faults")

    def get(self, *queries: dict, start: datetime.datetime = DAY, end: datetime.datetime = DAY + 24 * HOUR, **more: Any) -> dict:
        return self.cloudwatch.get_metric_data(MetricDataQueries=list(queries), StartTime=start, EndTime=end, **more)

    def one(self, wanted: dict, **more: Any) -> dict:
        (result,) = self.get(wanted, **more)["MetricDataResults"]
        return result

    def test_statistics_follow_from_the_seed(self) -> None:
        for wanted, values in (
            (query("a", instance="i-idle", stat="Maximum", period=43_200), [1.25, 1.25]),
            (query("a", stat="Maximum", period=86_400), [70.0]),
            (query("a", stat="Minimum", period=86_400), [30.0]),
            (query("a", metric="NetworkOut", stat="Sum", period=86_400), [144_000.0]),
            (query("a", metric="NetworkOut", stat="SampleCount", period=43_200), [720.0, 720.0]),
            (query("a", stat="p50", period=86_400), [50.0]),
            (query("a", metric="NetworkOut", instance="i-late", stat="Sum"), [84.0, 84.0]),
            (query("a", instance="i-nobody"), []),
        ):
            with self.subTest(wanted=wanted["MetricStat"]):
                result = self.one(wanted)
                self.assertEqual((result["Values"], result["StatusCode"]), (values, "Complete"))
        self.assertAlmostEqual(self.one(query("a", period=86_400))["Values"][0], 50)

    def test_order_label_and_times(self) -> None:
        newest = self.one(query("a", Label="load"))
        self.assertEqual((newest["Label"], len(newest["Timestamps"])), ("load", 24))
        self.assertEqual((newest["Timestamps"][0], newest["Timestamps"][-1]), (DAY + 23 * HOUR, DAY))
        oldest = self.one(query("a"), ScanBy="TimestampAscending")
        self.assertEqual((oldest["Label"], oldest["Timestamps"]), ("CPUUtilization", newest["Timestamps"][::-1]))
        self.assertLess(oldest["Values"][0], oldest["Values"][12])

    def test_nothing_of_the_future_and_of_fine_old_points(self) -> None:
        self.assertEqual(self.one(query("a"), start=TODAY + 48 * HOUR, end=TODAY + 72 * HOUR)["Values"], [])
        old = TODAY - datetime.timedelta(days=20)
        self.assertEqual(self.one(query("a", period=60), start=old, end=old + HOUR)["Values"], [])
        self.assertEqual(len(self.one(query("a", period=300), start=old, end=old + HOUR)["Values"]), 12)

    def test_other_accounts_and_regions_see_nothing(self) -> None:
        window = {"StartTime": DAY, "EndTime": DAY + HOUR}
        for client in (aws.client("cloudwatch"), aws.client("cloudwatch", self.credentials, "eu-west-1")):
            (result,) = client.get_metric_data(MetricDataQueries=[query("a")], **window)["MetricDataResults"]
            self.assertEqual(result["Values"], [])

    def test_pages_cut_through_a_query(self) -> None:
        queries = [query("a"), query("none", instance="i-nobody"), query("b", instance="i-idle")]
        pages = []
        token, seen = None, {"a": [], "b": [], "none": []}
        while True:
            answer = self.get(*queries, MaxDatapoints=20, **({"NextToken": token} if token else {}))
            pages.append([(result["Id"], result["StatusCode"]) for result in answer["MetricDataResults"]])
            for result in answer["MetricDataResults"]:
                seen[result["Id"]] += result["Values"]
            token = answer.get("NextToken")
            if not token:
                break
        self.assertEqual(pages, [
            [("a", "PartialData"), ("none", "Complete")], [("a", "Complete"), ("b", "PartialData")], [("b", "Complete")],
        ])  # fmt: skip
        self.assertEqual((len(seen["a"]), len(seen["b"]), seen["a"]), (24, 24, self.one(query("a"))["Values"]))
        refused = aws.refused(lambda: self.get(query("a"), MaxDatapoints=20, NextToken="nonsense"))
        self.assertEqual(refused[:2], (400, "InvalidNextToken"))

    def test_the_answer_ends_at_100800_points(self) -> None:
        queries = [query(f"q{n}", instance="i-idle", period=60) for n in range(500)]
        answer = self.get(*queries, end=DAY + 5 * HOUR)  # 150,000 points wanted, one in five has a sample
        self.assertEqual((len(answer["MetricDataResults"]), answer.get("NextToken")), (500, None))
        queries = [query(f"q{n}", metric="NetworkOut", period=60) for n in range(500)]
        answer = self.get(*queries, end=DAY + 5 * HOUR)
        self.assertEqual(sum(len(result["Values"]) for result in answer["MetricDataResults"]), 100_800)
        rest = self.get(*queries, end=DAY + 5 * HOUR, NextToken=answer["NextToken"])
        self.assertEqual(sum(len(result["Values"]) for result in rest["MetricDataResults"]), 49_200)

    def test_refused(self) -> None:
        for queries, more in (
            ([], {}),
            ([query(f"q{n}") for n in range(501)], {}),
            ([query("a"), query("a")], {}),
            ([query("Upper")], {}),
            ([query("a", period=90)], {}),
            ([query("a")], {"end": DAY}),
            ([query("a")], {"MaxDatapoints": 100_801}),
        ):
            self.assertEqual(aws.refused(lambda queries=queries, more=more: self.get(*queries, **more))[:2], (400, "ValidationError"))
        for wanted in ({"Id": "e", "Expression": "m1*2"}, query("a", stat="tm90"), query("a", AccountId="123456789012")):
            self.assertEqual(aws.refused(lambda wanted=wanted: self.get(wanted))[:2], (501, "NotImplemented"))

    def test_cbor_answers_the_same(self) -> None:
        request = {"MetricDataQueries": [query("a"), query("b", instance="i-idle")], "StartTime": DAY, "EndTime": DAY + 24 * HOUR}
        status, headers, answer = over_cbor(self.credentials, request)
        self.assertEqual((status, headers["smithy-protocol"], headers["content-type"]), (200, "rpc-v2-cbor", "application/cbor"))
        self.assertEqual(answer["MetricDataResults"], self.get(*request["MetricDataQueries"])["MetricDataResults"])

    def test_cbor_errors(self) -> None:
        request = {"MetricDataQueries": [query("a")], "StartTime": DAY, "EndTime": DAY}
        status, headers, answer = over_cbor(self.credentials, request)
        self.assertEqual((status, answer["Error"]["Code"]), (400, "ValidationError"))
        self.assertEqual(headers["x-amzn-query-error"], "ValidationError;Sender")
        aws.control("POST", "faults", {"service": "cloudwatch", "operation": "GetMetricData", "account_id": self.account_id, "status": 400,
                                       "code": "Throttling", "message": "Rate exceeded", "times": 1})  # fmt: skip
        request["EndTime"] = DAY + HOUR
        status, headers, answer = over_cbor(self.credentials, request)
        self.assertEqual((status, answer["Error"]["Code"], answer["Error"]["Message"]), (400, "Throttling", "Rate exceeded"))
        self.assertEqual(over_cbor(self.credentials, request)[0], 200)
        denied = aws.assume(aws.role(self.account_id, aws.trust(), ["ec2:*"], name="other-PoloReadRole"))["Credentials"]
        status, _, answer = over_cbor(denied, request)
        self.assertEqual((status, answer["Error"]["Code"]), (403, "AccessDenied"))
        self.assertIn("no identity-based policy allows the cloudwatch:GetMetricData action", answer["Error"]["Message"])

    def test_other_calls_have_no_cbor(self) -> None:
        connection = http.client.HTTPConnection("localhost", urllib.parse.urlparse(aws.address()).port)
        scope = "AWS4-HMAC-SHA256 Credential=AKIALOCAL/20261121/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"
        for operation, body, status in (("ListMetrics", b"\xa0", 501), ("GetMetricData", b"\xa1", 400), ("GetMetricData", b"\x01", 400)):
            connection.request("POST", f"/service/GraniteServiceVersion20100801/operation/{operation}", body, {"Authorization": scope})
            response = connection.getresponse()
            self.assertEqual((response.status, response.read()[:1]), (status, b"\xa2"))


if __name__ == "__main__":
    unittest.main()
