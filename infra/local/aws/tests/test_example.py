"""The example organization, loaded as `make run` loads it: every account is in the condition that its row claims."""

import datetime
import json
import os
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import harness as aws

SCRIPT = Path(__file__).resolve().parents[2] / "example" / "example_organization.py"
SEEN_BY_STS = {  # condition -> whether the verifier gets in
    "management_account": True, "working": True, "ec2_denied_by_scp": True, "role_missing": False, "trust_broken": False,
    "external_id_wrong": False, "denied_by_rcp": False, "deployment_failed": False, "brand_new": False, "never_set_up": False,
    "role_elsewhere": False, "excluded_by_operator": True, "suspended": False, "pending_closure": False, "closed": False,
    "out_of_scope": True,
}  # fmt: skip


def load(**more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POLO_"))},
        "AWS_ENDPOINT_URL": aws.address(), "AWS_ACCESS_KEY_ID": "AKIALOCAL", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        "POLO_HUB_ACCOUNT_ID": aws.HUB, "POLO_EXTERNAL_ID": aws.EXTERNAL_ID, "POLO_READ_ROLE_NAME": aws.READ_ROLE,
        **aws.ROLE_ARNS, **more,
    }  # fmt: skip
    return subprocess.run([sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        first = load()
        assert first.returncode == 0, first.stderr
        cls.manifest = json.loads(first.stdout)
        cls.rows = {row["account_id"]: row for row in cls.manifest["accounts"]}

    def by_condition(self, condition: str) -> list[dict]:
        return [row for row in self.rows.values() if row["condition"] == condition]

    def enters(self, arn: str) -> bool:
        try:
            aws.assume(arn)
            return True
        except aws.ClientError as error:
            self.assertEqual(error.response["Error"]["Code"], "AccessDenied")
            return False

    def test_1_enough_of_everything(self) -> None:
        self.assertGreaterEqual(len(self.rows), 23)
        conditions = {row["condition"] for row in self.rows.values()}
        self.assertEqual(conditions, {*SEEN_BY_STS, "throttled_at_first"})
        self.assertEqual({row["expected_polo_status"] for row in self.rows.values()}, {"active", "no_access", "pending_setup", "excluded"})
        self.assertGreater(len(self.manifest["organizational_units"]), 5)

    def test_2_loading_again_changes_nothing(self) -> None:
        start = aws.control("GET", "calls")[1]["next"]
        again = load()
        self.assertEqual((again.returncode, json.loads(again.stdout)), (0, self.manifest))
        self.assertIn("exists already", again.stderr)
        operations = {call["operation"] for call in aws.control("GET", f"calls?since={start}")[1]["calls"]}
        self.assertTrue(all(name.startswith(("Describe", "List")) for name in operations), operations)
        self.assertEqual(aws.control("GET", "faults")[1]["faults"][0]["times"], 2)

    def test_3_throttled_twice_then_works(self) -> None:
        (row,) = self.by_condition("throttled_at_first")
        arn = f"arn:aws:iam::{row['account_id']}:role/{aws.READ_ROLE}"
        self.assertEqual([aws.refused(lambda: aws.assume(arn))[1] for _ in range(2)], ["Throttling", "Throttling"])
        self.assertTrue(self.enters(arn))

    def test_4_sts_sees_what_the_condition_says(self) -> None:
        for condition, expected in SEEN_BY_STS.items():
            for row in self.by_condition(condition):
                with self.subTest(condition=condition):
                    self.assertEqual(self.enters(f"arn:aws:iam::{row['account_id']}:role/{aws.READ_ROLE}"), expected)

    def test_5_the_role_elsewhere_works_once_named(self) -> None:
        (row,) = self.by_condition("role_elsewhere")
        arn = row["operator"]["read_role_arn"]
        self.assertTrue(self.enters(arn))
        self.assertEqual(aws.refused(lambda: aws.assume(arn, aws.function("dev-polo-collection-dispatcher")))[1], "AccessDenied")

    def test_6_stack_instances(self) -> None:
        instances = {
            row["Account"]: row for row in aws.client("cloudformation").list_stack_instances(StackSetName="polo-roles")["Summaries"]
        }
        for condition, status in (
            ("working", "CURRENT"), ("role_missing", "CURRENT"), ("trust_broken", "CURRENT"), ("external_id_wrong", "CURRENT"),
            ("denied_by_rcp", "CURRENT"), ("deployment_failed", "OUTDATED"), ("brand_new", "OUTDATED"),
        ):  # fmt: skip
            for row in self.by_condition(condition):
                self.assertEqual(instances[row["account_id"]]["Status"], status, condition)
        for condition in ("never_set_up", "role_elsewhere", "management_account"):
            for row in self.by_condition(condition):
                self.assertNotIn(row["account_id"], instances)
        (failed,) = self.by_condition("deployment_failed")
        self.assertIn("iam:CreateRole", instances[failed["account_id"]]["StatusReason"])

    def test_7_states(self) -> None:
        organizations = aws.client("organizations")
        for condition in ("suspended", "pending_closure", "closed"):
            (row,) = self.by_condition(condition)
            account = organizations.describe_account(AccountId=row["account_id"])["Account"]
            self.assertEqual(account["State"], condition.upper())

    def test_8_resources_as_the_read_role_sees_them(self) -> None:
        row = max(self.by_condition("working"), key=lambda row: row["expected_resources"].get("ec2_instance", 0))
        credentials = aws.assume(f"arn:aws:iam::{row['account_id']}:role/{aws.READ_ROLE}")["Credentials"]
        pages = list(aws.client("ec2", credentials).get_paginator("describe_instances").paginate())
        self.assertGreater(len(pages), 1)
        states = {i["State"]["Name"] for page in pages for r in page["Reservations"] for i in r["Instances"]}
        self.assertEqual(states, {"running", "stopped", "terminated"})
        regions = [region["RegionName"] for region in aws.client("ec2", credentials).describe_regions()["Regions"]]
        self.assertEqual(sorted(regions), sorted(self.manifest["regions"]))
        seen = sum(
            len(r["Instances"])
            for region in regions
            for page in aws.client("ec2", credentials, region).get_paginator("describe_instances").paginate()
            for r in page["Reservations"]
        )
        self.assertEqual(seen, row["expected_resources"]["ec2_instance"])
        (vault,) = self.by_condition("ec2_denied_by_scp")
        denied = aws.assume(f"arn:aws:iam::{vault['account_id']}:role/{aws.READ_ROLE}")["Credentials"]
        self.assertIn("service control policy", aws.refused(aws.client("ec2", denied).describe_regions)[2])
        aws.client("iam", denied).list_account_aliases()

    def test_9_many_at_once(self) -> None:
        arns = [f"arn:aws:iam::{row['account_id']}:role/{aws.READ_ROLE}" for row in self.by_condition("working")]
        sts = aws.client("sts", aws.function())

        def account_of(arn: str) -> tuple[str, str]:
            answer = sts.assume_role(RoleArn=arn, RoleSessionName="many", ExternalId=aws.EXTERNAL_ID)
            return arn.split(":")[4], answer["AssumedRoleUser"]["Arn"].split(":")[4]

        with ThreadPoolExecutor(40) as pool:
            for wanted, got in pool.map(account_of, arns * 30):
                self.assertEqual(wanted, got)


    # What the collectors find, seen with the administrators' eyes: which of it the read role sees is the manifests' to say.

    def named(self, name: str) -> dict:
        (row,) = (row for row in self.rows.values() if row["name"] == name)
        return row

    def inside(self, name: str, service: str, region: str = "us-east-1") -> Any:
        return aws.client(service, aws.enter(self.named(name)["account_id"]), region)

    def test_the_large_account_has_more_than_a_page(self) -> None:
        found = self.named("shop-production")["expected_resources"]
        self.assertEqual(set(found), {
            "ec2_instance", "ec2_volume", "ec2_snapshot", "ec2_address", "ec2_nat_gateway", "s3_bucket", "elb_load_balancer",
            "elb_target_group", "sagemaker_notebook_instance", "sagemaker_endpoint", "sagemaker_endpoint_config", "sagemaker_model",
            "logs_log_group", "savings_plan",
        })  # fmt: skip
        self.assertGreater(found["logs_log_group"], 50)
        self.assertGreater(found["sagemaker_model"], 10)
        self.assertEqual(self.named("log-archive")["expected_resources"], {})

    def test_the_read_role_may_do_what_the_manifests_ask_for(self) -> None:
        wanted = {"organizations:DescribeOrganization"}
        for path in (SCRIPT.parents[3] / "crates" / "collectors").glob("*/collector.json"):
            wanted |= set(json.loads(path.read_text())["read_actions"])
        for name, role in (("shop-production", aws.READ_ROLE), ("acquired-warehouse", "acquired-reader")):
            iam = self.inside(name, "iam")
            (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
            statements = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]["Statement"]
            allowed = [row["Action"] for row in statements if row["Effect"] == "Allow"]
            actions = {action for one in allowed for action in ([one] if isinstance(one, str) else one)}
            self.assertEqual(actions - {"iam:GetRole"}, wanted)
        arn = f"arn:aws:iam::{self.named('shop-production')['account_id']}:role/{aws.READ_ROLE}"
        organizations = aws.client("organizations", aws.assume(arn)["Credentials"])
        self.assertEqual(organizations.describe_organization()["Organization"]["Id"], self.manifest["organization_id"])

    def test_buckets(self) -> None:
        s3, europe = self.inside("shop-staging", "s3"), self.inside("shop-staging", "s3", "eu-central-1")
        regions = {bucket["Name"].rsplit("-", 1)[1]: bucket["BucketRegion"] for bucket in s3.list_buckets(MaxBuckets=100)["Buckets"]}
        self.assertEqual(regions, {"data": "us-east-1", "logs": "us-east-1", "copies": "eu-central-1"})
        self.assertEqual(s3.get_bucket_versioning(Bucket="acme-shop-staging-data")["Status"], "Enabled")
        lifecycle = aws.refused(lambda: s3.get_bucket_lifecycle_configuration(Bucket="acme-shop-staging-data"))
        self.assertEqual(lifecycle[1], "NoSuchLifecycleConfiguration")
        self.assertEqual(len(s3.get_bucket_lifecycle_configuration(Bucket="acme-shop-staging-logs")["Rules"]), 1)
        public = aws.refused(lambda: europe.get_public_access_block(Bucket="acme-shop-staging-copies"))
        self.assertEqual(public[1], "NoSuchPublicAccessBlockConfiguration")

    def test_load_balancers(self) -> None:
        elbv2, elb = self.inside("shop-staging", "elbv2"), self.inside("shop-staging", "elb")
        types = {one["Type"] for one in elbv2.describe_load_balancers()["LoadBalancers"]}
        self.assertEqual(types, {"application", "network"})
        healthy = {}
        for group in elbv2.describe_target_groups()["TargetGroups"]:
            targets = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
            healthy[group["TargetGroupName"]] = [target["TargetHealth"]["State"] for target in targets]
        self.assertEqual(healthy, {"web-servers": ["healthy", "healthy"], "events-servers": ["unused"], "left-over": []})
        (legacy,) = elb.describe_load_balancers()["LoadBalancerDescriptions"]
        states = elb.describe_instance_health(LoadBalancerName=legacy["LoadBalancerName"])["InstanceStates"]
        self.assertEqual([row["State"] for row in states], ["OutOfService"])

    def test_notebooks_and_log_groups(self) -> None:
        (notebook,) = self.inside("shop-staging", "sagemaker").list_notebook_instances()["NotebookInstances"]
        self.assertEqual(notebook["NotebookInstanceStatus"], "InService")
        groups = {one["logGroupName"]: one for one in self.inside("shop-staging", "logs").describe_log_groups()["logGroups"]}
        self.assertEqual(groups["/aws/lambda/checkout"]["retentionInDays"], 30)
        self.assertNotIn("retentionInDays", groups["/app/shop-staging"])
        self.assertGreater(groups["/app/shop-staging"]["storedBytes"], 10_000)

    def test_savings_plans(self) -> None:
        now, ends = datetime.datetime.now(datetime.UTC), {}
        for row in self.rows.values():
            count = row.get("expected_resources", {}).get("savings_plan", 0)
            if count:
                plans = self.inside(row["name"], "savingsplans").describe_savings_plans(states=["active"])["savingsPlans"]
                self.assertEqual(len(plans), count)
                ends[row["name"]] = [(datetime.datetime.fromisoformat(plan["end"]) - now).days for plan in plans]
        self.assertEqual(len(ends), 2)
        self.assertEqual(len([days for account in ends.values() for days in account if days < 30]), 1)
        yesterday = {"Start": (now - datetime.timedelta(days=1)).date().isoformat(), "End": now.date().isoformat()}
        details = aws.client("ce").get_savings_plans_utilization_details(TimePeriod=yesterday)["SavingsPlansUtilizationDetails"]
        self.assertEqual({row["Attributes"]["AccountName"] for row in details}, set(ends))

    def test_every_account_costs_something(self) -> None:
        today = datetime.datetime.now(datetime.UTC).date()
        span = {"Start": (today - datetime.timedelta(days=40)).isoformat(), "End": today.isoformat()}
        by = [{"Type": "DIMENSION", "Key": key} for key in ("LINKED_ACCOUNT", "SERVICE")]
        pages = aws.follow(
            aws.client("ce").get_cost_and_usage, "ResultsByTime", "NextPageToken", "NextPageToken", TimePeriod=span, Granularity="DAILY",
            Metrics=["UnblendedCost", "AmortizedCost"], GroupBy=by,
        )  # fmt: skip
        self.assertGreater(len(pages), 1)
        groups = [group for page in pages for result in page for group in result["Groups"]]
        self.assertEqual({group["Keys"][0] for group in groups}, set(self.rows))
        self.assertGreater(len({group["Keys"][1] for group in groups}), 5)
        totals = [sum(Decimal(group["Metrics"][metric]["Amount"]) for group in groups) for metric in ("UnblendedCost", "AmortizedCost")]
        self.assertTrue(all(total > 0 for total in totals), totals)

    def test_metrics(self) -> None:
        ec2, cloudwatch = self.inside("shop-staging", "ec2"), self.inside("shop-staging", "cloudwatch")
        gateway = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
        instances = [i["InstanceId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
        volumes = [volume["VolumeId"] for volume in ec2.describe_volumes()["Volumes"]]
        end = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)

        def values(namespace: str, metric: str, dimension: str, resources: list[str], stat: str) -> list[float]:
            queries = [
                {"Id": f"q{number}", "MetricStat": {"Stat": stat, "Period": 86_400, "Metric": {
                    "Namespace": namespace, "MetricName": metric, "Dimensions": [{"Name": dimension, "Value": resource}]}}}
                for number, resource in enumerate(resources)
            ]  # fmt: skip
            answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=end - datetime.timedelta(days=1), EndTime=end)
            return sorted(value for result in answer["MetricDataResults"] for value in result["Values"])

        idle, busy = values("AWS/EC2", "CPUUtilization", "InstanceId", instances, "Maximum")
        self.assertLess(idle, 2)
        self.assertGreater(busy, 60)
        self.assertEqual(values("AWS/NATGateway", "BytesOutToDestination", "NatGatewayId", [gateway], "Sum"), [0])
        untouched, used = values("AWS/EBS", "VolumeReadOps", "VolumeId", volumes, "Sum")
        self.assertEqual(untouched, 0)
        self.assertGreater(used, 0)


class Refusals(unittest.TestCase):
    def test_never_against_a_real_aws(self) -> None:
        for address in ("https://organizations.us-east-1.amazonaws.com", "http://example.com:5000"):
            refused = load(AWS_ENDPOINT_URL=address)
            self.assertEqual((refused.returncode, refused.stdout), (2, ""))
            self.assertIn("only ever loaded into the local AWS", refused.stderr)

    def test_what_is_missing_is_named(self) -> None:
        aws.fresh()
        for name in ("POLO_EXTERNAL_ID", "POLO_READ_ROLE_NAME", "AWS_ENDPOINT_URL"):
            refused = load(**{name: ""})
            self.assertEqual(refused.returncode, 2)
            self.assertIn(name, refused.stderr)
        self.assertEqual(aws.refused(aws.client("organizations").list_accounts)[1], "AWSOrganizationsNotInUseException")

    def test_a_foreign_organization_is_left_alone(self) -> None:
        aws.fresh()
        aws.organization()
        refused = load()
        self.assertEqual(refused.returncode, 2)
        self.assertIn("is not the complete example", refused.stderr)


if __name__ == "__main__":
    unittest.main()
