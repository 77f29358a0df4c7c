"""The policy evaluator on its own: wildcards, principals, conditions, and failing closed."""

import unittest

import harness  # noqa: F401  (puts the package on the path)
from aws import policy, trust

CONTEXT: policy.Context = {
    "aws:principalarn": "arn:aws:iam::123456789012:role/dev-polo-access-verifier",
    "sts:externalid": "Secret-1",
    "aws:principalorgid": "o-abc",
    "aws:principalorgpaths": ["o-abc/r-1/ou-1/", "o-abc/r-1/"],
    "aws:principalaccount": "123456789012",
}


def holds(effect: str = "Allow", **condition: object) -> bool:
    return policy.conditions_hold({"Effect": effect, "Condition": condition}, CONTEXT)


class Conditions(unittest.TestCase):
    def test_each_operator_holds_and_fails(self) -> None:
        cases = [
            ("StringEquals", "sts:ExternalId", "Secret-1", "secret-1"),
            ("StringEqualsIgnoreCase", "sts:ExternalId", "SECRET-1", "other"),
            ("StringLike", "sts:ExternalId", "Sec*-?", "sec*"),
            ("StringNotEquals", "aws:PrincipalOrgID", "o-xyz", "o-abc"),
            ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/dev-polo-*", "arn:aws:iam::999999999999:role/*"),
            ("ArnLike", "aws:PrincipalArn", "arn:*:iam::*:role/dev-polo-access-verifier", "arn:aws:iam::123456789012:user/*"),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abc/r-1/ou-1/*", "o-abc/r-2/*"),
            ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-abc/*", "o-abc/r-1/ou-1/"),
            ("StringEqualsIfExists", "sts:ExternalId", "Secret-1", "x"),
            ("Null", "sts:ExternalId", "false", "true"),
            ("Null", "sts:RoleSessionName", "true", "false"),
        ]
        for operator, key, yes, no in cases:
            with self.subTest(operator=operator, key=key):
                self.assertTrue(holds(**{operator: {key: yes}}))
                self.assertTrue(holds(**{operator: {key.lower(): [no, yes] if "Not" not in operator and operator != "Null" else yes}}))
                self.assertFalse(holds(**{operator: {key: no}}))

    def test_absent_key(self) -> None:
        self.assertFalse(holds(StringEquals={"aws:SourceIp": "x"}))
        self.assertTrue(holds(StringEqualsIfExists={"aws:SourceIp": "x"}))
        self.assertTrue(holds(StringNotEquals={"aws:SourceIp": "x"}))
        self.assertFalse(holds(**{"ForAnyValue:StringEquals": {"aws:SourceIp": "x"}}))

    def test_unknown_operator_fails_closed_for_both_effects(self) -> None:
        self.assertFalse(holds("Allow", BinaryEquals={"sts:ExternalId": "Secret-1"}))
        self.assertTrue(holds("Deny", BinaryEquals={"sts:ExternalId": "nothing"}))
        self.assertFalse(holds("Allow", **{"ForSomeValues:StringEquals": {"sts:ExternalId": "Secret-1"}}))

    def test_all_conditions_must_hold(self) -> None:
        self.assertFalse(holds(StringEquals={"sts:ExternalId": "Secret-1", "aws:PrincipalOrgID": "o-zzz"}))

    def test_policy_variables(self) -> None:
        self.assertTrue(holds(StringEquals={"aws:PrincipalAccount": "${aws:PrincipalAccount}"}))
        self.assertFalse(holds(StringEquals={"aws:PrincipalAccount": "${aws:Unknown}"}))

    def test_arn_wildcards_stop_at_colons(self) -> None:
        self.assertFalse(holds(ArnLike={"aws:PrincipalArn": "arn:aws:*:role/dev-polo-access-verifier"}))


class Verdicts(unittest.TestCase):
    def test_deny_wins_over_allow(self) -> None:
        statements = [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"},
        ]
        self.assertEqual(policy.verdict(statements, "s3:GetObject", "arn:aws:s3:::b/k", CONTEXT), "deny")
        self.assertEqual(policy.verdict(statements, "s3:ListBucket", "arn:aws:s3:::b", CONTEXT), "allow")
        self.assertEqual(policy.verdict(statements, "ec2:DescribeVolumes", "*", CONTEXT), "none")

    def test_actions_ignore_case_and_not_action_inverts(self) -> None:
        self.assertTrue(policy.action_matches({"Action": "EC2:describe*"}, "ec2:DescribeVolumes"))
        self.assertFalse(policy.action_matches({"NotAction": ["ec2:*"]}, "ec2:DescribeVolumes"))
        self.assertTrue(policy.action_matches({"NotAction": ["ec2:*"]}, "iam:GetRole"))

    def test_resources(self) -> None:
        allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/dev-PoloReadRole"}
        self.assertTrue(policy.resource_matches(allow, "arn:aws:iam::1:role/dev-PoloReadRole", CONTEXT))
        self.assertFalse(policy.resource_matches(allow, "arn:aws:iam::1:role/Admin", CONTEXT))


class Trust(unittest.TestCase):
    CALLER = ("arn:aws:iam::123456789012:role/x", "arn:aws:sts::123456789012:assumed-role/x/s", "123456789012")

    def trusted(self, principal: object, action: object = "sts:AssumeRole") -> bool:
        document = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": action}]}
        return trust.trusts_principal(document, *self.CALLER, CONTEXT)

    def test_principals(self) -> None:
        for principal in (
            "*", {"AWS": "*"}, {"AWS": "123456789012"}, {"AWS": "arn:aws:iam::123456789012:root"},
            {"AWS": ["arn:aws:iam::999999999999:root", "arn:aws:iam::123456789012:role/x"]},
            {"AWS": "arn:aws:sts::123456789012:assumed-role/x/s"},
        ):  # fmt: skip
            with self.subTest(principal=principal):
                self.assertTrue(self.trusted(principal))
        for principal in (
            {"AWS": "999999999999"}, {"AWS": "arn:aws:iam::999999999999:root"}, {"AWS": "arn:aws:iam::123456789012:role/y"},
            {"AWS": "arn:aws:iam::123456789012:role/*"}, {"Service": "lambda.amazonaws.com"}, {"Federated": "*"}, None,
        ):  # fmt: skip
            with self.subTest(principal=principal):
                self.assertFalse(self.trusted(principal))

    def test_actions(self) -> None:
        for action in ("sts:*", "*", ["sts:TagSession", "sts:AssumeRole"]):
            self.assertTrue(self.trusted("*", action))
        self.assertFalse(self.trusted("*", "sts:TagSession"))

    def test_deny_wins(self) -> None:
        document = {
            "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
                {"Effect": "Deny", "Principal": {"AWS": "123456789012"}, "Action": "sts:*"},
            ]
        }
        self.assertFalse(trust.trusts_principal(document, *self.CALLER, CONTEXT))

    def test_services(self) -> None:
        document = {"Statement": {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": "sts:AssumeRole"}}
        self.assertTrue(trust.trusts_service(document, "lambda.amazonaws.com", {}))
        self.assertFalse(trust.trusts_service(document, "ec2.amazonaws.com", {}))


if __name__ == "__main__":
    unittest.main()
