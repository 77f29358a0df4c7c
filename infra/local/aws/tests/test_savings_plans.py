"""DescribeSavingsPlans, and what Cost Explorer says of the plans' use."""

import datetime
import unittest
from typing import Any

import harness as aws

MIDNIGHT = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
EC2 = "Amazon Elastic Compute Cloud - Compute"
READ = ["savingsplans:DescribeSavingsPlans", "ce:GetSavingsPlans*"]


def day(ago: int) -> str:
    return (MIDNIGHT - datetime.timedelta(days=ago)).date().isoformat()


def began(ago: int) -> str:
    return (MIDNIGHT - datetime.timedelta(days=ago)).isoformat()


class SavingsPlans(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.shop, cls.credentials = aws.member(READ)
        cls.other, cls.others = aws.member(READ, "other")
        cls.third = aws.account("third")
        aws.seed("savings-plans", savings_plans=[
            {"account_id": cls.shop, "commitment_usd": "1.25", "start": began(345), "utilization_percent": "80", "discount_percent": "20"},
            {"account_id": cls.shop, "type": "EC2Instance", "commitment_usd": "2", "payment_option": "Partial Upfront", "term_years": 3,
             "start": began(2), "region": "eu-central-1", "instance_family": "m6i", "tags": {"team": "shop"}},
            {"account_id": cls.shop, "commitment_usd": "3", "start": began(400)},
            {"account_id": cls.shop, "type": "SageMaker", "commitment_usd": "4", "payment_option": "All Upfront", "start": began(-5)},
            {"account_id": cls.other, "commitment_usd": "0.5", "start": began(345), "utilization_percent": "50", "discount_percent": "50"},
        ])  # fmt: skip
        aws.seed("costs", costs=[
            {"account_id": cls.shop, "service": EC2, "region": "us-east-1", "daily_usd": "30"},
            {"account_id": cls.third, "service": EC2, "region": "eu-central-1", "daily_usd": "10"},
            {"account_id": cls.shop, "service": "Amazon Simple Storage Service", "region": "us-east-1", "daily_usd": "99"},
        ])  # fmt: skip
        cls.savingsplans, cls.payer = aws.client("savingsplans", cls.credentials), aws.client("ce")

    def tearDown(self) -> None:
        aws.control("POST", "options", {"page_limit": None})

    def period(self, start: int, end: int = 0, **more: Any) -> dict[str, Any]:
        return {"TimePeriod": {"Start": day(start), "End": day(end)}, **more}

    # DescribeSavingsPlans

    def test_describe(self) -> None:
        plans = self.savingsplans.describe_savings_plans()["savingsPlans"]
        self.assertEqual([plan["state"] for plan in plans], ["active", "active", "retired", "queued"])
        compute, instance = plans[:2]
        self.assertEqual((compute["commitment"], compute["termDurationInSeconds"]), ("1.25", 31_536_000))
        self.assertEqual(compute["savingsPlanArn"], f"arn:aws:savingsplans::{self.shop}:savingsplan/{compute['savingsPlanId']}")
        self.assertEqual((compute["start"][:10], compute["end"][:10]), (day(345), day(-20)))
        self.assertNotIn("region", compute)
        self.assertEqual((instance["region"], instance["ec2InstanceFamily"]), ("eu-central-1", "m6i"))
        self.assertEqual((instance["upfrontPaymentAmount"], instance["recurringPaymentAmount"]), ("26280", "1"))
        self.assertEqual(instance["tags"], {"team": "shop"})
        self.assertEqual(len(aws.client("savingsplans", self.others).describe_savings_plans()["savingsPlans"]), 1)
        self.assertEqual(aws.client("savingsplans").describe_savings_plans()["savingsPlans"], [])  # the payer sees its own alone

    def test_describe_by_state_id_and_filter(self) -> None:
        describe = self.savingsplans.describe_savings_plans
        (queued,) = describe(states=["queued"])["savingsPlans"]
        self.assertEqual(describe(savingsPlanIds=[queued["savingsPlanId"]])["savingsPlans"], [queued])
        self.assertEqual(describe(savingsPlanArns=[queued["savingsPlanArn"]])["savingsPlans"], [queued])
        (found,) = describe(filters=[{"name": "region", "values": ["eu-central-1"]}])["savingsPlans"]
        self.assertEqual(found["savingsPlanType"], "EC2Instance")

    def test_describe_in_pages(self) -> None:
        describe = self.savingsplans.describe_savings_plans
        pages = aws.follow(describe, "savingsPlans", "nextToken", "nextToken", maxResults=3)
        self.assertEqual([len(page) for page in pages], [3, 1])
        self.assertEqual(sum(pages, []), describe()["savingsPlans"])
        aws.control("POST", "options", {"page_limit": 1})
        self.assertEqual(len(aws.follow(describe, "savingsPlans", "nextToken", "nextToken")), 4)

    def test_describe_refuses(self) -> None:
        describe = self.savingsplans.describe_savings_plans
        for more in ({"nextToken": "x"}, {"maxResults": 1001}, {"states": ["tired"]}, {"filters": [{"name": "colour", "values": ["x"]}]}):
            self.assertEqual(aws.refused(lambda more=more: describe(**more))[:2], (400, "ValidationException"), more)
        term = [{"name": "term", "values": ["31536000"]}]
        self.assertEqual(aws.refused(lambda: describe(filters=term))[:2], (501, "NotImplemented"))

    def test_describe_denied_and_faults(self) -> None:
        bare = aws.assume(aws.role(self.third, aws.trust(), ["ec2:*"]))["Credentials"]
        status, code, message = aws.refused(aws.client("savingsplans", bare).describe_savings_plans)
        self.assertEqual((status, code), (403, "AccessDeniedException"))
        self.assertIn("allows the savingsplans:DescribeSavingsPlans action", message)
        aws.control("POST", "faults", {"service": "savingsplans", "operation": "DescribeSavingsPlans", "status": 500,
                                       "code": "InternalServerException", "times": 1})  # fmt: skip
        self.assertEqual(aws.refused(self.savingsplans.describe_savings_plans)[:2], (500, "InternalServerException"))
        self.savingsplans.describe_savings_plans()

    # GetSavingsPlansUtilization

    def test_utilization_by_day(self) -> None:
        answer = self.payer.get_savings_plans_utilization(**self.period(3, 1), Granularity="DAILY")
        before, after = answer["SavingsPlansUtilizationsByTime"]
        self.assertEqual(before["TimePeriod"], {"Start": day(3), "End": day(2)})
        # 24 h of 1.25 at 80 % and of 0.5 at 50 %
        self.assertEqual(before["Utilization"]["TotalCommitment"], "42")
        self.assertEqual((before["Utilization"]["UsedCommitment"], before["Utilization"]["UnusedCommitment"]), ("30", "12"))
        self.assertEqual(before["Utilization"]["UtilizationPercentage"], "71.4285714286")
        self.assertEqual(before["Savings"], {"NetSavings": "0", "OnDemandCostEquivalent": "42"})
        self.assertEqual(after["Utilization"]["TotalCommitment"], "90")
        self.assertEqual(after["AmortizedCommitment"], {
            "AmortizedRecurringCommitment": "66", "AmortizedUpfrontCommitment": "24", "TotalAmortizedCommitment": "90",
        })  # fmt: skip
        self.assertEqual(answer["Total"]["Utilization"]["TotalCommitment"], "132")

    def test_utilization_of_members_and_filters(self) -> None:
        member = aws.client("ce", self.others).get_savings_plans_utilization(**self.period(1), Granularity="DAILY")
        self.assertEqual(member["Total"]["Utilization"]["TotalCommitment"], "12")
        one = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [self.other]}}
        same = self.payer.get_savings_plans_utilization(**self.period(1), Granularity="DAILY", Filter=one)
        self.assertEqual(same["Total"], member["Total"])

    def test_no_plan_is_no_data(self) -> None:
        third = aws.client("ce", aws.enter(self.third))
        for call in (third.get_savings_plans_utilization, third.get_savings_plans_utilization_details):
            self.assertEqual(aws.refused(lambda call=call: call(**self.period(2)))[:2], (400, "DataUnavailableException"))

    # GetSavingsPlansUtilizationDetails

    def test_details(self) -> None:
        answer = self.payer.get_savings_plans_utilization_details(**self.period(1))
        rows = answer["SavingsPlansUtilizationDetails"]
        self.assertEqual([row["Attributes"]["AccountId"] for row in rows], [self.shop, self.shop, self.other])
        self.assertEqual(rows[0]["Utilization"]["UsedCommitment"], "24")
        self.assertEqual((rows[1]["Attributes"]["Region"], rows[0]["Attributes"]["AccountName"]), ("eu-central-1", "shop"))
        described = {plan["savingsPlanArn"] for plan in self.savingsplans.describe_savings_plans()["savingsPlans"]}
        self.assertIn(rows[0]["SavingsPlanArn"], described)
        self.assertEqual(answer["TimePeriod"], {"Start": day(1), "End": day(0)})
        self.assertEqual(answer["Total"]["Utilization"]["TotalCommitment"], "90")
        bare = self.payer.get_savings_plans_utilization_details(**self.period(1), DataType=["SAVINGS"])
        self.assertEqual(set(bare["SavingsPlansUtilizationDetails"][0]), {"SavingsPlanArn", "Savings"})

    def test_details_in_pages(self) -> None:
        call = self.payer.get_savings_plans_utilization_details
        pages = aws.follow(call, "SavingsPlansUtilizationDetails", "NextToken", "NextToken", MaxResults=2, **self.period(1))
        self.assertEqual([len(page) for page in pages], [2, 1])
        self.assertEqual(aws.refused(lambda: call(**self.period(1), NextToken="x"))[1], "ValidationException")

    # GetSavingsPlansCoverage

    def test_coverage_by_day(self) -> None:
        answer = self.payer.get_savings_plans_coverage(**self.period(4, 2), Granularity="DAILY")
        first, second = answer["SavingsPlansCoverages"]
        self.assertEqual((first["TimePeriod"], first["Attributes"]), ({"Start": day(4), "End": day(3)}, {}))
        self.assertEqual(first["Coverage"], {
            "SpendCoveredBySavingsPlans": "42", "OnDemandCost": "40", "TotalCost": "82", "CoveragePercentage": "51.2195121951",
        })  # fmt: skip
        self.assertEqual(second["Coverage"], first["Coverage"])
        one = {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [self.third]}}
        (bare,) = self.payer.get_savings_plans_coverage(**self.period(1), Granularity="DAILY", Filter=one)["SavingsPlansCoverages"]
        self.assertEqual((bare["Coverage"]["CoveragePercentage"], bare["Coverage"]["OnDemandCost"]), ("0", "10"))

    def test_coverage_by_region_in_pages(self) -> None:
        call, by_region = self.payer.get_savings_plans_coverage, {"GroupBy": [{"Type": "DIMENSION", "Key": "REGION"}]}
        pages = aws.follow(call, "SavingsPlansCoverages", "NextToken", "NextToken", MaxResults=1, **self.period(1), **by_region)
        self.assertEqual([page[0]["Attributes"] for page in pages], [{"REGION": "eu-central-1"}, {"REGION": "us-east-1"}])
        days = aws.follow(call, "SavingsPlansCoverages", "NextToken", "NextToken", **self.period(30), Granularity="DAILY")
        self.assertEqual([len(page) for page in days], [20, 10])  # AWS's own page size

    def test_refused(self) -> None:
        ce, by_account = self.payer, [{"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}]
        for call in (
            lambda: ce.get_savings_plans_coverage(**self.period(2), GroupBy=by_account),
            lambda: ce.get_savings_plans_coverage(**self.period(2), GroupBy=[{"Type": "DIMENSION", "Key": "REGION"}], Granularity="DAILY"),
            lambda: ce.get_savings_plans_coverage(**self.period(2), Metrics=["Other"]),
            lambda: ce.get_savings_plans_coverage(**self.period(2, -1), Granularity="DAILY"),
            lambda: ce.get_savings_plans_utilization(**self.period(500), Granularity="DAILY"),
            lambda: ce.get_savings_plans_utilization(**self.period(2), Filter={"Not": {"Dimensions": {"Key": "REGION", "Values": ["x"]}}}),
            lambda: ce.get_savings_plans_utilization_details(**self.period(2), DataType=["EVERYTHING"]),
        ):
            self.assertEqual(aws.refused(call)[:2], (400, "ValidationException"))
        for call in (
            lambda: ce.get_savings_plans_utilization(**self.period(2), Granularity="HOURLY"),
            lambda: ce.get_savings_plans_utilization(**self.period(2), SortBy={"Key": "NetSavings"}),
            lambda: ce.get_savings_plans_coverage(**self.period(2), GroupBy=[{"Type": "DIMENSION", "Key": "INSTANCE_FAMILY"}]),
        ):
            self.assertEqual(aws.refused(call)[:2], (501, "NotImplemented"))


if __name__ == "__main__":
    unittest.main()
