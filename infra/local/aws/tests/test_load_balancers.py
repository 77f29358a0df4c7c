"""Load balancers of both generations: pages, limits, ARNs, health."""

import unittest

import harness as aws

READ = ["elasticloadbalancing:Describe*"]


class LoadBalancers(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.account_id, cls.credentials = aws.member(READ)
        admin = aws.enter(cls.account_id)
        ec2, elbv2, elb = (aws.client(service, admin) for service in ("ec2", "elbv2", "elb"))
        subnets = ec2.describe_subnets()["Subnets"][:2]
        subnet_ids, vpc_id = [subnet["SubnetId"] for subnet in subnets], subnets[0]["VpcId"]
        answer = ec2.run_instances(ImageId="ami-12345678", MinCount=2, MaxCount=2)
        cls.running, cls.stopped = (instance["InstanceId"] for instance in answer["Instances"])
        tags = [{"Key": "team", "Value": "shop"}]
        cls.arns = [
            elbv2.create_load_balancer(Name=name, Type=kind, Subnets=subnet_ids, Tags=tags)["LoadBalancers"][0]["LoadBalancerArn"]
            for name, kind in (("web", "application"), ("events", "network"), ("more", "application"))
        ]
        cls.groups = []
        for name in ("web-servers", "left-over"):
            group = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc_id)["TargetGroups"][0]["TargetGroupArn"]
            elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": cls.running}, {"Id": cls.stopped}])
            cls.groups.append(group)
        forward = [{"Type": "forward", "TargetGroupArn": cls.groups[0]}]
        elbv2.create_listener(LoadBalancerArn=cls.arns[0], Protocol="HTTP", Port=80, DefaultActions=forward)
        listeners = [{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}]
        for name in ("old", "older"):
            elb.create_load_balancer(LoadBalancerName=name, Subnets=subnet_ids, Listeners=listeners, Tags=tags)
        elb.register_instances_with_load_balancer(
            LoadBalancerName="old", Instances=[{"InstanceId": cls.running}, {"InstanceId": cls.stopped}]
        )
        ec2.stop_instances(InstanceIds=[cls.stopped])
        cls.elbv2, cls.elb = aws.client("elbv2", cls.credentials), aws.client("elb", cls.credentials)

    def tearDown(self) -> None:
        aws.control("POST", "options", {"page_limit": None})

    def test_arns_and_schemes(self) -> None:
        found = {one["LoadBalancerName"]: one for one in self.elbv2.describe_load_balancers()["LoadBalancers"]}
        self.assertEqual([found[name]["LoadBalancerArn"].split("/")[1] for name in ("web", "events")], ["app", "net"])
        self.assertEqual({one["Scheme"] for one in found.values()}, {"internet-facing"})
        (event,) = self.elbv2.describe_load_balancers(LoadBalancerArns=[self.arns[1]])["LoadBalancers"]
        self.assertEqual(event["Type"], "network")

    def test_pages(self) -> None:
        for call, key, total in (
            (self.elbv2.describe_load_balancers, "LoadBalancers", 3),
            (self.elbv2.describe_target_groups, "TargetGroups", 2),
            (self.elb.describe_load_balancers, "LoadBalancerDescriptions", 2),
        ):
            with self.subTest(key=key):
                pages = aws.follow(call, key, "NextMarker", "Marker", PageSize=1)
                self.assertEqual([len(page) for page in pages], [1] * total)
                aws.control("POST", "options", {"page_limit": 1})
                self.assertEqual(len(aws.follow(call, key, "NextMarker", "Marker")), total)
                aws.control("POST", "options", {"page_limit": None})
                self.assertEqual(len(aws.follow(call, key, "NextMarker", "Marker")), 1)
                self.assertEqual(aws.refused(lambda call=call: call(Marker="nonsense"))[:2], (400, "ValidationError"))
                if call != self.elb.describe_load_balancers:
                    self.assertEqual(aws.refused(lambda call=call: call(PageSize=401))[:2], (400, "ValidationError"))

    def test_target_health(self) -> None:
        states = {}
        for group in self.groups:
            for one in self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]:
                states[group, one["Target"]["Id"]] = (one["TargetHealth"]["State"], one["TargetHealth"].get("Reason"))
        self.assertEqual(states, {
            (self.groups[0], self.running): ("healthy", None), (self.groups[0], self.stopped): ("unused", "Target.InvalidState"),
            (self.groups[1], self.running): ("unused", "Target.NotInUse"), (self.groups[1], self.stopped): ("unused", "Target.NotInUse"),
        })  # fmt: skip
        nowhere = self.groups[0][:-1] + "x"
        self.assertEqual(aws.refused(lambda: self.elbv2.describe_target_health(TargetGroupArn=nowhere))[1], "TargetGroupNotFound")

    def test_instance_health(self) -> None:
        rows = {row["InstanceId"]: row for row in self.elb.describe_instance_health(LoadBalancerName="old")["InstanceStates"]}
        self.assertEqual(rows[self.running]["State"], "InService")
        self.assertEqual((rows[self.stopped]["State"], rows[self.stopped]["ReasonCode"]), ("OutOfService", "Instance"))
        self.assertEqual(self.elb.describe_instance_health(LoadBalancerName="older")["InstanceStates"], [])

    def test_tags(self) -> None:
        team = [{"Key": "team", "Value": "shop"}]
        described = self.elbv2.describe_tags(ResourceArns=[*self.arns, self.groups[0]])["TagDescriptions"]
        self.assertEqual([one["Tags"] for one in described], [team, team, team, []])
        self.assertEqual(self.elb.describe_tags(LoadBalancerNames=["old"])["TagDescriptions"][0]["Tags"], team)
        self.assertEqual(aws.refused(lambda: self.elbv2.describe_tags(ResourceArns=self.arns * 7))[:2], (400, "ValidationError"))
        self.assertEqual(aws.refused(lambda: self.elb.describe_tags(LoadBalancerNames=["old"] * 21))[:2], (400, "ValidationError"))

    def test_denied_and_faults(self) -> None:
        bare = aws.assume(aws.role(self.account_id, aws.trust(), ["ec2:*"], name="bare-PoloReadRole"))["Credentials"]
        for client, operation, arguments in (
            ("elbv2", "describe_load_balancers", {}), ("elbv2", "describe_target_groups", {}),
            ("elbv2", "describe_target_health", {"TargetGroupArn": self.groups[0]}),
            ("elbv2", "describe_tags", {"ResourceArns": self.arns}),
            ("elb", "describe_load_balancers", {}), ("elb", "describe_instance_health", {"LoadBalancerName": "old"}),
            ("elb", "describe_tags", {"LoadBalancerNames": ["old"]}),
        ):  # fmt: skip
            with self.subTest(client=client, operation=operation):
                method = getattr(aws.client(client, bare), operation)
                status, code, message = aws.refused(lambda method=method, arguments=arguments: method(**arguments))
                self.assertEqual((status, code), (403, "AccessDenied"))
                self.assertIn("perform: elasticloadbalancing:Describe", message)
        aws.control("POST", "faults", {"service": "elasticloadbalancing", "operation": "DescribeTargetHealth", "status": 400,
                                       "code": "Throttling", "times": 1})  # fmt: skip
        refused = aws.refused(lambda: self.elbv2.describe_target_health(TargetGroupArn=self.groups[0]))
        self.assertEqual(refused[:2], (400, "Throttling"))


if __name__ == "__main__":
    unittest.main()
