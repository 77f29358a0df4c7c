"""Enabled regions per account, and pages of ec2 listings."""

import unittest

import harness as aws


class Regions(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.account_id = aws.account("shop")
        cls.arn = aws.role(cls.account_id, aws.trust(), ["*"])
        cls.credentials = aws.assume(cls.arn)["Credentials"]

    def tearDown(self) -> None:
        aws.control("POST", "options", {"enabled_regions": None})
        aws.control("POST", "options", {"account_id": self.account_id, "enabled_regions": None})

    def names(self, **more: object) -> dict[str, str]:
        rows = aws.client("ec2", self.credentials).describe_regions(**more)["Regions"]
        return {row["RegionName"]: row["OptInStatus"] for row in rows}

    def test_defaults(self) -> None:
        enabled = self.names()
        self.assertEqual(len(enabled), 17)
        self.assertEqual(set(enabled.values()), {"opt-in-not-required"})
        everything = self.names(AllRegions=True)
        self.assertEqual((everything["af-south-1"], everything["us-east-1"]), ("not-opted-in", "opt-in-not-required"))
        self.assertEqual(list(self.names(RegionNames=["eu-west-1"])), ["eu-west-1"])
        self.assertEqual(aws.refused(lambda: self.names(RegionNames=["moon-1"]))[1], "InvalidParameterValue")
        opted = self.names(AllRegions=True, Filters=[{"Name": "opt-in-status", "Values": ["not-opted-in"]}])
        self.assertTrue(opted)
        self.assertEqual(set(opted.values()), {"not-opted-in"})

    def test_a_narrower_set(self) -> None:
        aws.control("POST", "options", {"enabled_regions": ["us-east-1", "eu-central-1"]})
        self.assertEqual(set(self.names()), {"us-east-1", "eu-central-1"})
        self.assertEqual(self.names(AllRegions=True)["eu-west-1"], "not-opted-in")
        aws.client("ec2", self.credentials, "eu-central-1").describe_volumes()

    def test_calls_to_a_region_that_is_not_enabled(self) -> None:
        message = "AWS was not able to validate the provided access credentials"
        self.assertEqual(aws.refused(aws.client("ec2", self.credentials, "af-south-1").describe_volumes), (401, "AuthFailure", message))
        aws.control("POST", "options", {"enabled_regions": ["us-east-1"]})
        self.assertEqual(aws.refused(aws.client("ec2", self.credentials, "eu-west-1").describe_volumes)[:2], (401, "AuthFailure"))
        logs, elbv2 = (aws.client(service, self.credentials, "eu-west-1") for service in ("logs", "elbv2"))
        self.assertEqual(aws.refused(logs.describe_log_groups)[1], "UnrecognizedClientException")
        self.assertEqual(aws.refused(elbv2.describe_load_balancers)[1], "InvalidClientTokenId")
        self.assertEqual(aws.refused(lambda: aws.assume(self.arn, region="eu-west-1"))[:2], (403, "RegionDisabledException"))
        aws.client("iam", self.credentials, "eu-west-1").list_account_aliases()

    def test_one_account_alone(self) -> None:
        aws.control("POST", "options", {"account_id": self.account_id, "enabled_regions": ["us-east-1", "af-south-1"]})
        self.assertEqual(self.names(), {"us-east-1": "opt-in-not-required", "af-south-1": "opted-in"})
        aws.client("ec2", self.credentials, "af-south-1").describe_volumes()
        self.assertEqual(len(aws.client("ec2").describe_regions()["Regions"]), 17)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        cls.ec2 = aws.client("ec2")
        aws.control("POST", "options", {"ec2_page_limit": 5})
        for _ in range(6):
            cls.ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
            volume = cls.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)
            cls.ec2.create_snapshot(VolumeId=volume["VolumeId"])
        subnet = cls.ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        for _ in range(6):
            cls.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")

    def test_each_listing_pages_and_is_complete(self) -> None:
        for operation, key, total, more in (
            ("describe_instances", "Reservations", 6, {}),
            ("describe_volumes", "Volumes", 12, {}),
            ("describe_snapshots", "Snapshots", 6, {"OwnerIds": ["self"]}),
            ("describe_nat_gateways", "NatGateways", 6, {}),
        ):
            with self.subTest(operation=operation):
                sizes, token, seen = [], None, 0
                while True:
                    answer = getattr(self.ec2, operation)(MaxResults=1000, **more, **({"NextToken": token} if token else {}))
                    sizes.append(len(answer[key]))
                    seen += len(answer[key])
                    token = answer.get("NextToken")
                    if not token:
                        break
                self.assertEqual((max(sizes), seen), (5, total))
                self.assertGreater(len(sizes), 1)
                bad = aws.refused(lambda operation=operation: getattr(self.ec2, operation)(NextToken="nonsense"))
                self.assertEqual(bad[1], "InvalidNextToken")

    def test_no_stock_images(self) -> None:
        self.assertEqual(self.ec2.describe_images(Owners=["self"])["Images"], [])


if __name__ == "__main__":
    unittest.main()
