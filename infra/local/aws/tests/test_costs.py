"""GetCostAndUsage over seeded costs."""

import datetime
import unittest
from decimal import Decimal
from typing import Any

import harness as aws

TODAY = datetime.datetime.now(datetime.UTC).date()
EC2, S3 = "Amazon Elastic Compute Cloud - Compute", "Amazon Simple Storage Service"
ACCOUNT_AND_SERVICE = [{"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}, {"Type": "DIMENSION", "Key": "SERVICE"}]
BY_REGION = [{"Type": "DIMENSION", "Key": "REGION"}]


def day(ago: int) -> str:
    return (TODAY - datetime.timedelta(days=ago)).isoformat()


class Costs(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.shop, cls.credentials = aws.member(["ce:GetCostAndUsage"])
        cls.other = aws.account("other")
        aws.seed("costs", costs=[
            {"account_id": cls.shop, "service": EC2, "region": "us-east-1", "daily_usd": "12.3456789012", "amortized_daily_usd": "10.5"},
            {"account_id": cls.shop, "service": EC2, "region": "eu-central-1", "daily_usd": "1"},
            {"account_id": cls.shop, "service": S3, "region": "us-east-1", "daily_usd": "0.25", "weekend_percent": "50"},
            {"account_id": cls.shop, "service": "Tax", "daily_usd": "2", "start": day(5), "end": day(3)},
            {"account_id": cls.other, "service": S3, "region": "us-east-1", "daily_usd": "4"},
            {"account_id": "999988887777", "service": S3, "region": "us-east-1", "daily_usd": "1000"},
        ])  # fmt: skip
        cls.payer, cls.member = aws.client("ce"), aws.client("ce", cls.credentials)

    def tearDown(self) -> None:
        aws.control("POST", "options", {"page_limit": None})

    def get(self, start: int = 3, end: int = 0, client: Any = None, **more: Any) -> dict:
        more = {"Granularity": "DAILY", "Metrics": ["UnblendedCost"], **more}
        return (client or self.payer).get_cost_and_usage(TimePeriod={"Start": day(start), "End": day(end)}, **more)

    def groups(self, answer: dict) -> dict[tuple[str, ...], str]:
        (result,) = answer["ResultsByTime"]
        return {tuple(group["Keys"]): group["Metrics"]["UnblendedCost"]["Amount"] for group in result["Groups"]}

    def test_by_account_and_service(self) -> None:
        answer = self.get(1, GroupBy=ACCOUNT_AND_SERVICE, Metrics=["UnblendedCost", "AmortizedCost"])
        (result,) = answer["ResultsByTime"]
        (group,) = [group for group in result["Groups"] if group["Keys"] == [self.shop, EC2]]
        self.assertEqual(group["Metrics"], {
            "UnblendedCost": {"Amount": "13.3456789012", "Unit": "USD"}, "AmortizedCost": {"Amount": "11.5", "Unit": "USD"},
        })  # fmt: skip
        self.assertEqual({tuple(group["Keys"]) for group in result["Groups"]}, {(self.shop, EC2), (self.shop, S3), (self.other, S3)})
        self.assertEqual((result["TimePeriod"], result["Total"]), ({"Start": day(1), "End": day(0)}, {}))
        self.assertEqual([one["Key"] for one in answer["GroupDefinitions"]], ["LINKED_ACCOUNT", "SERVICE"])
        self.assertIn({"Value": self.other, "Attributes": {"description": "other"}}, answer["DimensionValueAttributes"])

    def test_by_region_and_with_a_region_filter(self) -> None:
        self.assertEqual(set(self.groups(self.get(5, 4, GroupBy=BY_REGION))), {("us-east-1",), ("eu-central-1",), ("NoRegion",)})
        europe = {"Dimensions": {"Key": "REGION", "Values": ["eu-central-1"]}}
        self.assertEqual(self.groups(self.get(1, GroupBy=ACCOUNT_AND_SERVICE, Filter=europe)), {(self.shop, EC2): "1"})
        both = {"And": [europe, {"Not": {"Dimensions": {"Key": "SERVICE", "Values": [EC2]}}}]}
        self.assertEqual(self.groups(self.get(1, GroupBy=ACCOUNT_AND_SERVICE, Filter=both)), {})

    def test_days_are_complete_and_weekends_differ(self) -> None:
        storage = {"Dimensions": {"Key": "SERVICE", "Values": [S3]}}
        answer = self.get(7, client=self.member, Filter=storage)
        self.assertEqual([result["TimePeriod"]["Start"] for result in answer["ResultsByTime"]], [day(ago) for ago in range(7, 0, -1)])
        for result in answer["ResultsByTime"]:
            weekend = datetime.date.fromisoformat(result["TimePeriod"]["Start"]).weekday() >= 5
            self.assertEqual(result["Total"]["UnblendedCost"]["Amount"], "0.125" if weekend else "0.25")
            self.assertEqual(result["Groups"], [])

    def test_lines_begin_and_end(self) -> None:
        tax = {"Dimensions": {"Key": "SERVICE", "Values": ["Tax"]}}
        amounts = [result["Total"]["UnblendedCost"]["Amount"] for result in self.get(6, 1, Filter=tax)["ResultsByTime"]]
        self.assertEqual(amounts, ["0", "2", "2", "0", "0"])

    def test_estimated_is_this_month(self) -> None:
        answer = self.get(40, -1)
        for result in answer["ResultsByTime"]:
            self.assertEqual(result["Estimated"], result["TimePeriod"]["Start"] >= TODAY.replace(day=1).isoformat())

    def test_months(self) -> None:
        first = TODAY.replace(day=1)
        before = (first - datetime.timedelta(days=1)).replace(day=1)
        answer = self.payer.get_cost_and_usage(
            TimePeriod={"Start": before.isoformat(), "End": day(-1)},
            Granularity="MONTHLY", Metrics=["UnblendedCost"], Filter={"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [self.other]}},
        )  # fmt: skip
        month = answer["ResultsByTime"][0]
        self.assertEqual(month["TimePeriod"], {"Start": before.isoformat(), "End": first.isoformat()})
        self.assertEqual(Decimal(month["Total"]["UnblendedCost"]["Amount"]), 4 * (first - before).days)

    def test_who_sees_what(self) -> None:
        for client, seen in ((self.payer, {(self.shop,), (self.other,)}), (self.member, {(self.shop,)})):
            answer = self.get(1, client=client, GroupBy=ACCOUNT_AND_SERVICE[:1])
            self.assertEqual(set(self.groups(answer)), seen)

    def test_pages(self) -> None:
        whole = self.get(4, GroupBy=ACCOUNT_AND_SERVICE)["ResultsByTime"]
        aws.control("POST", "options", {"page_limit": 4})
        pages = aws.follow(
            lambda **more: self.get(4, GroupBy=ACCOUNT_AND_SERVICE, **more), "ResultsByTime", "NextPageToken", "NextPageToken"
        )
        self.assertGreater(len(pages), 2)
        merged: dict[str, list] = {}
        for page in pages:
            for result in page:
                merged.setdefault(result["TimePeriod"]["Start"], []).extend(result["Groups"])
        self.assertEqual(merged, {result["TimePeriod"]["Start"]: result["Groups"] for result in whole})
        self.assertGreater(sum(len(page) for page in pages), len(whole))  # a page ended inside of a day
        token = self.get(4, GroupBy=ACCOUNT_AND_SERVICE)["NextPageToken"]
        for wrong in ({"NextPageToken": "x"}, {"NextPageToken": token, "Metrics": ["AmortizedCost"]}):
            refused = aws.refused(lambda wrong=wrong: self.get(4, **{"GroupBy": ACCOUNT_AND_SERVICE, **wrong}))
            self.assertEqual(refused[1], "ValidationException")

    def test_refused(self) -> None:
        region = {"Type": "DIMENSION", "Key": "REGION"}
        for more in (
            {"GroupBy": [*ACCOUNT_AND_SERVICE, region]}, {"GroupBy": [region, region]},
            {"GroupBy": [{"Type": "DIMENSION", "Key": "COLOUR"}]},
            {"Metrics": []}, {"Metrics": ["Cost"]}, {"start": 0}, {"start": 700}, {"end": -70},
            {"Filter": {"Dimensions": {"Key": "REGION", "Values": []}}},
            {"Filter": {"And": [{"Dimensions": {"Key": "REGION", "Values": ["x"]}}]}},
        ):  # fmt: skip
            with self.subTest(more=more):
                self.assertEqual(aws.refused(lambda more=more: self.get(**more))[:2], (400, "ValidationException"))
        for more in (
            {"Granularity": "HOURLY"}, {"Metrics": ["UsageQuantity"]}, {"GroupBy": [{"Type": "TAG", "Key": "team"}]},
            {"GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}]}, {"Filter": {"Tags": {"Key": "team", "Values": ["a"]}}},
            {"BillingViewArn": "arn:aws:billing::123456789012:billingview/primary"},
        ):
            with self.subTest(more=more):
                self.assertEqual(aws.refused(lambda more=more: self.get(**more))[:2], (501, "NotImplemented"))


class Seeds(unittest.TestCase):
    def test_bad_rows_are_named_and_change_nothing(self) -> None:
        aws.fresh()
        good = {"account_id": "123456789012", "service": EC2, "daily_usd": "1"}
        for wrong, part in (
            ({"account_id": "12"}, "costs[1].account_id is '12'"), ({"daily_usd": 1}, "costs[1].daily_usd is 1"),
            ({"daily_usd": "NaN"}, "daily_usd"), ({"start": "soon"}, "costs[1].start"), ({"colour": "red"}, "unknown field 'colour'"),
            ({"service": None}, "costs[1].service is missing"),
        ):  # fmt: skip
            status, answer = aws.control("POST", "costs", {"costs": [good, {**good, **wrong}]})
            self.assertEqual(status, 400)
            self.assertIn(part, answer["error"])
        self.assertEqual(aws.control("POST", "costs", {"costs": good})[0], 400)
        self.assertEqual(aws.control("POST", "costs", {})[0], 400)
        self.assertEqual(aws.seed("costs", costs=[good]), {"costs": 1})
        self.assertEqual(aws.seed("costs", costs=[good]), {"costs": 2})
        self.assertEqual(aws.control("DELETE", "costs"), (200, {"costs": 0}))
        aws.seed("costs", costs=[good])
        aws.fresh()
        self.assertEqual(aws.seed("costs", costs=[]), {"costs": 0})


if __name__ == "__main__":
    unittest.main()
