"""Service control policies and role policies on calls of member accounts, in each protocol's words."""

import unittest

import harness as aws

READ = ["ec2:Describe*", "s3:ListAllMyBuckets", "iam:ListAccountAliases", "logs:DescribeLogGroups", "tag:GetResources",
        "elasticloadbalancing:Describe*", "cloudwatch:GetMetricData", "sqs:ListQueues"]  # fmt: skip


class ServiceControlPolicies(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        _, cls.root_id = aws.organization()
        cls.unit_id = aws.unit("Guarded", cls.root_id)
        cls.account_id = aws.account("guarded", cls.unit_id)
        cls.free_id = aws.account("free")
        cls.credentials, cls.free = (
            aws.assume(aws.role(account_id, aws.trust(), READ))["Credentials"] for account_id in (cls.account_id, cls.free_id)
        )
        deny = [{"Effect": "Deny", "Action": ["ec2:*", "logs:*", "s3:*", "iam:ListAccountAliases", "tag:*"], "Resource": "*"}]
        aws.attach("SERVICE_CONTROL_POLICY", cls.unit_id, deny, "no-ec2")
        cls.user = f"User: arn:aws:sts::{cls.account_id}:assumed-role/{aws.READ_ROLE}/polo-test is not authorized to perform: "

    def test_ec2(self) -> None:
        ec2 = aws.client("ec2", self.credentials)
        self.assertEqual(
            aws.refused(ec2.describe_instances),
            (403, "UnauthorizedOperation", f"You are not authorized to perform this operation. {self.user}ec2:DescribeInstances "
             "with an explicit deny in a service control policy"),
        )  # fmt: skip
        self.assertEqual(aws.refused(ec2.describe_regions)[1], "UnauthorizedOperation")

    def test_other_protocols(self) -> None:
        suffix = " with an explicit deny in a service control policy"
        for service, operation, action, expected in (
            ("iam", "list_account_aliases", "iam:ListAccountAliases", (403, "AccessDenied")),
            ("logs", "describe_log_groups", "logs:DescribeLogGroups", (400, "AccessDeniedException")),
            ("s3", "list_buckets", "s3:ListAllMyBuckets", (403, "AccessDenied")),
        ):
            with self.subTest(service=service):
                status, code, message = aws.refused(getattr(aws.client(service, self.credentials), operation))
                self.assertEqual((status, code), expected)
                self.assertEqual(message, f"{self.user}{action}{suffix}")
                getattr(aws.client(service, self.free), operation)()
        _, code, message = aws.refused(aws.client("resourcegroupstaggingapi", self.credentials).get_resources)
        self.assertEqual((code, message), ("AccessDeniedException", f"{self.user}tag:GetResources{suffix}"))
        message = aws.refused(lambda: aws.client("cloudwatch", self.free).list_metrics())[2]
        self.assertIn("because no identity-based policy allows the cloudwatch:ListMetrics action", message)

    def test_not_elsewhere(self) -> None:
        aws.client("ec2", self.free).describe_instances()
        aws.client("elbv2", self.credentials).describe_load_balancers()

    def test_the_hub_still_gets_in(self) -> None:
        aws.assume(f"arn:aws:iam::{self.account_id}:role/{aws.READ_ROLE}")
        aws.client("sts", self.credentials).get_caller_identity()

    def test_never_on_the_management_account(self) -> None:
        deny = [{"Effect": "Deny", "Action": "elasticloadbalancing:*", "Resource": "*"}]
        aws.attach("SERVICE_CONTROL_POLICY", aws.HUB, deny, "pointless")
        aws.client("elbv2").describe_load_balancers()

    def test_conditions_and_allow_lists(self) -> None:
        account_id = aws.account("europe")
        credentials = aws.assume(aws.role(account_id, aws.trust(), READ))["Credentials"]
        elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}}
        region_deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": elsewhere}
        policy_id = aws.attach("SERVICE_CONTROL_POLICY", account_id, [region_deny], "europe-only")
        aws.client("ec2", credentials, "eu-central-1").describe_volumes()
        self.assertEqual(aws.refused(aws.client("ec2", credentials).describe_volumes)[1], "UnauthorizedOperation")
        organizations = aws.client("organizations")
        organizations.detach_policy(PolicyId=policy_id, TargetId=account_id)
        aws.client("ec2", credentials).describe_volumes()
        aws.attach("SERVICE_CONTROL_POLICY", account_id, [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}], "only-s3")
        organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=account_id)
        message = aws.refused(aws.client("ec2", credentials).describe_volumes)[2]
        self.assertTrue(message.endswith("because no service control policy allows the ec2:DescribeVolumes action"), message)
        aws.client("s3", credentials).list_buckets()


class RolePolicies(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.account_id = aws.account("shop")

    def use(self, name: str, statements: list) -> dict:
        arn = aws.role(self.account_id, aws.trust(), statements, name=f"{name}-PoloReadRole")
        return aws.assume(arn)["Credentials"]

    def test_only_what_is_allowed(self) -> None:
        credentials = self.use("narrow", ["ec2:DescribeVolumes"])
        aws.client("ec2", credentials).describe_volumes()
        status, code, message = aws.refused(aws.client("ec2", credentials).describe_snapshots)
        self.assertEqual((status, code), (403, "UnauthorizedOperation"))
        self.assertTrue(message.endswith("because no identity-based policy allows the ec2:DescribeSnapshots action"), message)

    def test_no_policy_allows_nothing(self) -> None:
        self.assertEqual(aws.refused(aws.client("ec2", self.use("empty", [])).describe_volumes)[1], "UnauthorizedOperation")

    def test_explicit_deny_wins(self) -> None:
        credentials = self.use("denied", [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"},
        ])  # fmt: skip
        s3 = aws.client("s3", credentials)
        s3.create_bucket(Bucket="customer-data")
        s3.put_object(Bucket="customer-data", Key="k", Body=b"x")
        s3.get_bucket_versioning(Bucket="customer-data")
        self.assertIn("explicit deny in an identity-based policy", aws.refused(lambda: s3.get_object(Bucket="customer-data", Key="k"))[2])

    def test_cost_explorer(self) -> None:
        days = {"Start": "2026-01-01", "End": "2026-01-02"}
        ce, client = aws.client("ce", self.use("no-cost", ["ec2:*"])), aws.client("ce", self.use("cost", ["ce:Get*"]))
        for operation in ("get_savings_plans_utilization", "get_savings_plans_utilization_details", "get_savings_plans_coverage"):
            action = "ce:" + "".join(word.capitalize() for word in operation.split("_"))
            status, code, message = aws.refused(lambda operation=operation: getattr(ce, operation)(TimePeriod=days))
            self.assertEqual((status, code), (400, "AccessDeniedException"))
            self.assertIn(f"allows the {action} action", message)
            self.assertNotEqual(aws.refused(lambda operation=operation: getattr(client, operation)(TimePeriod=days))[1], code)
        cost = {"TimePeriod": days, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
        self.assertIn("ce:GetCostAndUsage", aws.refused(lambda: ce.get_cost_and_usage(**cost))[2])
        client.get_cost_and_usage(**cost)

    def test_allow_conditions_fail_closed(self) -> None:
        for name, condition, allowed in (
            ("region", {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
            ("wrong-region", {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
            ("unknown-key", {"StringEquals": {"aws:SourceVpc": "vpc-1"}}, False),
            ("unknown-operator", {"DateGreaterThan": {"aws:CurrentTime": "2000-01-01T00:00:00Z"}}, False),
        ):
            with self.subTest(condition=name):
                statement = {"Effect": "Allow", "Action": "ec2:DescribeVolumes", "Resource": "*", "Condition": condition}
                ec2 = aws.client("ec2", self.use(name, [statement]))
                if allowed:
                    ec2.describe_volumes()
                else:
                    self.assertEqual(aws.refused(ec2.describe_volumes)[1], "UnauthorizedOperation")

    def test_resource_of_get_role(self) -> None:
        own = f"arn:aws:iam::{self.account_id}:role/own-PoloReadRole"
        iam = aws.client("iam", self.use("own", [{"Effect": "Allow", "Action": "iam:GetRole", "Resource": own}]))
        iam.get_role(RoleName="own-PoloReadRole")
        self.assertEqual(aws.refused(lambda: iam.get_role(RoleName="OrganizationAccountAccessRole"))[1], "AccessDenied")

    def test_resource_of_get_role_has_the_path(self) -> None:
        own = f"arn:aws:iam::{self.account_id}:role/finops/pathed-PoloReadRole"
        statements = [{"Effect": "Allow", "Action": "iam:GetRole", "Resource": own}]
        arn = aws.role(self.account_id, aws.trust(), statements, name="pathed-PoloReadRole", Path="/finops/")
        self.assertEqual(arn, own)
        aws.client("iam", aws.assume(arn)["Credentials"]).get_role(RoleName="pathed-PoloReadRole")

    def test_aws_managed_policies_count(self) -> None:
        credentials = self.use("managed", ["sts:GetCallerIdentity"])
        self.assertEqual(aws.refused(aws.client("logs", credentials).describe_log_groups)[1], "AccessDeniedException")
        function = aws.client("logs", aws.function())
        function.create_log_group(logGroupName="/aws/lambda/x")
        self.assertEqual(aws.refused(function.describe_log_groups)[1], "AccessDeniedException")


if __name__ == "__main__":
    unittest.main()
