"""SageMaker, log groups and tagged resources: complete in pages of AWS's sizes, denied and refused as there."""

import time
import unittest
from typing import Any

import harness as aws

READ = ["sagemaker:List*", "sagemaker:Describe*", "logs:DescribeLogGroups", "tag:GetResources"]


class Listings(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        aws.organization()
        cls.account_id, cls.credentials = aws.member(READ)
        admin = aws.enter(cls.account_id)
        sagemaker, logs, ec2 = (aws.client(service, admin) for service in ("sagemaker", "logs", "ec2"))
        role = f"arn:aws:iam::{cls.account_id}:role/sagemaker"
        container = {"Image": "1.dkr.ecr.us-east-1.amazonaws.com/i"}
        for n in range(11):
            sagemaker.create_notebook_instance(NotebookInstanceName=f"n-{n}", InstanceType="ml.t3.medium", RoleArn=role)
            sagemaker.create_model(ModelName=f"m-{n}", ExecutionRoleArn=role, PrimaryContainer=container)
            variant = {"VariantName": "all", "ModelName": f"m-{n}", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large"}
            more = {"Tags": [{"Key": "team", "Value": "shop"}]} if n == 0 else {}
            sagemaker.create_endpoint_config(EndpointConfigName=f"c-{n}", ProductionVariants=[variant], **more)
            sagemaker.create_endpoint(EndpointName=f"e-{n}", EndpointConfigName=f"c-{n}")
        for n in range(51):
            logs.create_log_group(logGroupName=f"/app/{n:02}", tags={"team": "shop"})
        logs.put_retention_policy(logGroupName="/app/00", retentionInDays=30)
        logs.create_log_stream(logGroupName="/app/00", logStreamName="s")
        event = {"timestamp": int(time.time() * 1000), "message": "x" * 1000}
        logs.put_log_events(logGroupName="/app/00", logStreamName="s", logEvents=[event])
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "test"}]}]
        ec2.run_instances(ImageId="ami-12345678", MinCount=70, MaxCount=70, TagSpecifications=tags)
        for region, bucket in (("us-east-1", "tagged-here"), ("eu-central-1", "tagged-there")):
            s3 = aws.client("s3", admin, region)
            where = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
            s3.create_bucket(Bucket=bucket, **where)
            s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags[0]["Tags"]})
        cls.sagemaker, cls.logs, cls.tagging = (
            aws.client(service, cls.credentials) for service in ("sagemaker", "logs", "resourcegroupstaggingapi")
        )

    def tearDown(self) -> None:
        aws.control("POST", "options", {"page_limit": None})

    def test_sagemaker(self) -> None:
        for operation, key, name in (
            ("list_notebook_instances", "NotebookInstances", "NotebookInstanceName"), ("list_endpoints", "Endpoints", "EndpointName"),
            ("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"), ("list_models", "Models", "ModelName"),
        ):  # fmt: skip
            with self.subTest(operation=operation):
                call = getattr(self.sagemaker, operation)
                pages = aws.follow(call, key, "NextToken", "NextToken")
                self.assertEqual([len(page) for page in pages], [10, 1])
                self.assertEqual(len({row[name] for row in sum(pages, [])}), 11)
                self.assertEqual([len(page) for page in aws.follow(call, key, "NextToken", "NextToken", MaxResults=100)], [11])
                aws.control("POST", "options", {"page_limit": 4})
                self.assertEqual(len(aws.follow(call, key, "NextToken", "NextToken", MaxResults=100)), 3)
                aws.control("POST", "options", {"page_limit": None})
                for more in ({"NextToken": "nonsense"}, {"MaxResults": 101}):
                    self.assertEqual(aws.refused(lambda more=more: call(**more))[:2], (400, "ValidationException"))
        self.assertEqual(self.sagemaker.describe_endpoint(EndpointName="e-1")["EndpointConfigName"], "c-1")
        (variant,) = self.sagemaker.describe_endpoint_config(EndpointConfigName="c-1")["ProductionVariants"]
        self.assertEqual((variant["InstanceType"], variant["ModelName"]), ("ml.m5.large", "m-1"))
        missing = aws.refused(lambda: self.sagemaker.describe_endpoint(EndpointName="nowhere"))
        self.assertEqual(missing[:2], (400, "ValidationException"))

    def test_log_groups(self) -> None:
        pages = aws.follow(self.logs.describe_log_groups, "logGroups", "nextToken", "nextToken")
        self.assertEqual([len(page) for page in pages], [50, 1])
        first, second = pages[0][:2]
        self.assertEqual((first["retentionInDays"], first["storedBytes"], first["logGroupClass"]), (30, 1000, "STANDARD"))
        self.assertEqual((second.get("retentionInDays"), second["storedBytes"]), (None, 0))
        (found,) = self.logs.describe_log_groups(logGroupNamePrefix="/app/5")["logGroups"]
        self.assertEqual(found["logGroupName"], "/app/50")
        for more in ({"nextToken": "nonsense"}, {"limit": 51}):
            self.assertEqual(aws.refused(lambda more=more: self.logs.describe_log_groups(**more))[:2], (400, "InvalidParameterException"))

    def test_tagged_resources(self) -> None:
        call = self.tagging.get_resources
        pages = aws.follow(call, "ResourceTagMappingList", "PaginationToken", "PaginationToken", ResourcesPerPage=100)
        self.assertEqual([len(page) for page in pages], [100, 23])
        found = {row["ResourceARN"].split(":")[2] for row in sum(pages, [])}
        self.assertEqual(found, {"ec2", "logs", "s3", "sagemaker"})
        elsewhere = aws.client("resourcegroupstaggingapi", self.credentials, "eu-central-1").get_resources()["ResourceTagMappingList"]
        self.assertEqual([row["ResourceARN"] for row in elsewhere], ["arn:aws:s3:::tagged-there"])
        answer = call(ResourcesPerPage=100)
        # A page may be asked for again, as after a time-out.
        twice = [call(ResourcesPerPage=100, PaginationToken=answer["PaginationToken"]) for _ in range(2)]
        self.assertEqual(twice[0]["ResourceTagMappingList"], twice[1]["ResourceTagMappingList"])
        self.assertEqual(twice[0]["PaginationToken"], "")
        filtered = call(ResourceTypeFilters=["logs"], ResourcesPerPage=100)["ResourceTagMappingList"]
        self.assertEqual(len(filtered), 51)
        for more, code in (
            ({"ResourcesPerPage": 101}, "InvalidParameterException"), ({"PaginationToken": "x"}, "PaginationTokenExpiredException"),
        ):  # fmt: skip
            self.assertEqual(aws.refused(lambda more=more: call(**more))[1], code)
        self.assertEqual(aws.refused(lambda: call(TagsPerPage=100))[:2], (501, "NotImplemented"))

    def test_denied_and_faults(self) -> None:
        bare = aws.assume(aws.role(self.account_id, aws.trust(), ["ec2:*"], name="bare-PoloReadRole"))["Credentials"]
        calls: list[tuple[str, str, dict[str, Any], str]] = [
            ("sagemaker", "list_notebook_instances", {}, "sagemaker:ListNotebookInstances"),
            ("sagemaker", "list_endpoints", {}, "sagemaker:ListEndpoints"),
            ("sagemaker", "describe_endpoint", {"EndpointName": "e-1"}, "sagemaker:DescribeEndpoint"),
            ("sagemaker", "list_endpoint_configs", {}, "sagemaker:ListEndpointConfigs"),
            ("sagemaker", "describe_endpoint_config", {"EndpointConfigName": "c-1"}, "sagemaker:DescribeEndpointConfig"),
            ("sagemaker", "list_models", {}, "sagemaker:ListModels"),
            ("logs", "describe_log_groups", {}, "logs:DescribeLogGroups"),
            ("resourcegroupstaggingapi", "get_resources", {}, "tag:GetResources"),
        ]
        for service, operation, arguments, action in calls:
            with self.subTest(action=action):
                method = getattr(aws.client(service, bare), operation)
                status, code, message = aws.refused(lambda method=method, arguments=arguments: method(**arguments))
                self.assertEqual((status, code), (400, "AccessDeniedException"))
                self.assertIn(f"allows the {action} action", message)
                aws.control("POST", "faults", {"service": action.split(":")[0], "operation": action.split(":")[1], "status": 400,
                                               "code": "ThrottlingException", "times": 1})  # fmt: skip
                allowed = getattr(aws.client(service, self.credentials), operation)
                refused = aws.refused(lambda allowed=allowed, arguments=arguments: allowed(**arguments))
                self.assertEqual(refused[:2], (400, "ThrottlingException"))
                allowed(**arguments)


if __name__ == "__main__":
    unittest.main()
