"""The example organization, loaded as `make run` loads it: every account is in the condition that its row claims."""

import json
import os
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
        "POLO_ROLE_ARN_ACCESS_VERIFIER": aws.HUB_ROLE, **more,
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
        # The fixture's verifier may assume roles called …PoloReadRole; the shipped one is told of other names.
        aws.assume(arn, aws.function("dev-polo-collection-dispatcher"))

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
