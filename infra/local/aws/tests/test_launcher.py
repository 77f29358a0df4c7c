"""Starting the local AWS: what it makes of templates, and how it says no."""

import json
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

import harness
from aws.template import Template, TemplateError


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher to its end: only for starts that cannot work."""
    command = [sys.executable, str(harness.HERE.parent / "launcher.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


class Starts(unittest.TestCase):
    def test_that_cannot_work_say_why_in_one_sentence(self) -> None:
        busy = harness.address().rsplit(":", 1)[1]
        with tempfile.TemporaryDirectory() as folder:
            broken, unknown = Path(folder) / "broken.json", Path(folder) / "unknown.json"
            broken.write_text("{")
            unknown.write_text(json.dumps({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::If": []}}}}}))
            for arguments, part in (
                (["--port", "0", "--account-id", "12345"], "12345 is not an account id"),
                (["--port", "0", "--template", f"{folder}/none.json"], "none.json does not exist: synthesize the CDK app first"),
                (["--port", "0", "--template", str(broken)], "is not JSON"),
                (["--port", "0", "--template", str(unknown)], "uses Fn::If"),
                (["--port", busy], f"cannot listen on 127.0.0.1:{busy}"),
            ):
                with self.subTest(arguments=arguments):
                    ended = start(*arguments)
                    self.assertEqual((ended.returncode, ended.stdout), (2, ""))
                    self.assertIn(part, ended.stderr)


    def test_another_hub_account(self) -> None:
        process = subprocess.Popen(
            [sys.executable, str(harness.HERE.parent / "launcher.py"), "--port", "0", "--account-id", "021098765432",
             "--parameter", "ExternalId=x", "--template", str(harness.HERE / "hub.template.json")],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            line = process.stdout.readline()
            address = line.split(" on ")[1].split(",")[0]
            with urllib.request.urlopen(f"{address}/polo-local/ping") as response:
                arns = json.load(response)["hub_role_arns"]
            self.assertIn("arn:aws:iam::021098765432:role/dev-polo-access-verifier", arns)
            sts = harness.boto3.client(
                "sts", "us-east-1", endpoint_url=address, aws_access_key_id="AKIALOCAL", aws_secret_access_key="secret"
            )
            self.assertEqual(sts.get_caller_identity()["Account"], "021098765432")
        finally:
            process.terminate()
            self.assertEqual(process.wait(30), 0)
            process.stdout.close()


class Templates(unittest.TestCase):
    def template(self, body: dict, siblings: list[Template] | None = None, **parameters: str) -> Template:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "polo.template.json"
            path.write_text(json.dumps(body))
            return Template(path, "123456789012", "eu-west-1", parameters, siblings if siblings is not None else [])

    def test_functions(self) -> None:
        template = self.template(
            {
                "Parameters": {"List": {"Type": "CommaDelimitedList", "Default": "a,b"}, "Given": {"Type": "String"}},
                "Resources": {
                    "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": {"Fn::Sub": "x-${Given}"}}},
                    "Queue": {"Type": "AWS::SQS::Queue"},
                },
            },
            Given="g",
        )
        for value, expected in (
            ({"Ref": "AWS::AccountId"}, "123456789012"),
            ({"Ref": "List"}, ["a", "b"]),
            ({"Fn::GetAtt": ["Fn", "Arn"]}, "arn:aws:lambda:eu-west-1:123456789012:function:x-g"),
            ({"Fn::GetAtt": "Queue.Arn"}, "arn:aws:sqs:eu-west-1:123456789012:polo-Queue"),
            ({"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}]]}, "arn:aws"),
            ({"Fn::Sub": ["${A}/${AWS::Region}/${!kept}/${Fn.Arn}", {"A": {"Ref": "Given"}}]},
             "g/eu-west-1/${kept}/arn:aws:lambda:eu-west-1:123456789012:function:x-g"),
            ({"Fn::Select": [1, {"Fn::Split": ["-", "a-b"]}]}, "b"),
            ([{"Ref": "AWS::NoValue"}, 1], [1]),
            ({"k": {"Ref": "AWS::NoValue"}, "l": 2}, {"l": 2}),
        ):  # fmt: skip
            with self.subTest(value=value):
                self.assertEqual(template.resolve(value), expected)
        for value in ({"Ref": "Nothing"}, {"Fn::GetAtt": ["Fn", "Odd"]}, {"Fn::Cidr": []}, {"Fn::ImportValue": "x"}):
            with self.assertRaises(TemplateError):
                template.resolve(value)

    def test_missing_parameter_and_imports(self) -> None:
        body = {"Parameters": {"Given": {"Type": "String"}}, "Resources": {}}
        with self.assertRaisesRegex(TemplateError, "--parameter Given=VALUE"):
            self.template(body).resolve({"Ref": "Given"})
        exporter = self.template({"Resources": {}, "Outputs": {"O": {"Value": "v", "Export": {"Name": "Stack:Out"}}}})
        self.assertEqual(self.template(body, [exporter]).resolve({"Fn::ImportValue": "Stack:Out"}), "v")


if __name__ == "__main__":
    unittest.main()
