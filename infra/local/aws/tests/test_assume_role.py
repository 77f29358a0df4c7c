"""AssumeRole: who gets in, who does not, and in which words AWS says so."""

import unittest

import harness as aws


class AssumeRole(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        cls.organization_id, cls.root_id = aws.organization()
        cls.account_id = aws.account("shop")
        cls.arn = aws.role(cls.account_id, aws.trust(), ["ec2:DescribeVolumes", "iam:GetRole"])

    def new_role(self, name: str, document: object, **more: object) -> str:
        return aws.role(self.account_id, document, name=f"{name}-PoloReadRole", **more)

    def denied(self, arn: str, **more: object) -> None:
        session = "arn:aws:sts::123456789012:assumed-role/dev-polo-access-verifier/dev-polo-access-verifier"
        self.assertEqual(
            aws.refused(lambda: aws.assume(arn, **more)),
            (403, "AccessDenied", f"User: {session} is not authorized to perform: sts:AssumeRole on resource: {arn}"),
        )

    def test_a_role_that_trusts_the_hub_lets_it_in_and_isolates_the_account(self) -> None:
        answer = aws.assume(self.arn)
        self.assertEqual(
            answer["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{self.account_id}:assumed-role/{aws.READ_ROLE}/polo-test"
        )
        identity = aws.client("sts", answer["Credentials"]).get_caller_identity()
        self.assertEqual((identity["Account"], identity["Arn"]), (self.account_id, answer["AssumedRoleUser"]["Arn"]))
        aws.client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=8)
        self.assertEqual(aws.client("ec2", answer["Credentials"]).describe_volumes()["Volumes"], [])

    def test_missing_role(self) -> None:
        self.denied(f"arn:aws:iam::{self.account_id}:role/gone-PoloReadRole")
        self.denied("arn:aws:iam::999999999999:role/dev-PoloReadRole")

    def test_external_id(self) -> None:
        self.denied(self.arn, external_id="wrong")
        self.denied(self.arn, external_id=None)
        self.denied(self.arn, external_id=aws.EXTERNAL_ID.upper())

    def test_principals(self) -> None:
        for name, principal, allowed in (
            ("exact", {"AWS": aws.HUB_ROLE}, True),
            ("id", {"AWS": aws.HUB}, True),
            ("star", {"AWS": "*"}, True),
            ("other-role", {"AWS": aws.OTHER_HUB_ROLE}, False),
            ("other-account", {"AWS": "arn:aws:iam::999999999999:root"}, False),
            ("service", {"Service": "lambda.amazonaws.com"}, False),
        ):
            with self.subTest(principal=name):
                arn = self.new_role(name, aws.trust(principal))
                if allowed:
                    aws.assume(arn)
                else:
                    self.denied(arn)

    def test_principal_arn_is_the_role_and_not_the_session(self) -> None:
        arn = self.new_role("named", aws.trust(principal_arns=[aws.HUB_ROLE]))
        aws.assume(arn)
        aws.assume(arn, aws.function())
        self.assertEqual(aws.refused(lambda: aws.assume(arn, aws.function("dev-polo-collection-dispatcher")))[1], "AccessDenied")
        administrator = aws.client("sts")
        self.assertEqual(
            aws.refused(lambda: administrator.assume_role(RoleArn=arn, RoleSessionName="me", ExternalId=aws.EXTERNAL_ID))[1],
            "AccessDenied",
        )
        session = self.new_role("session", aws.trust(principal_arns=["arn:aws:sts::123456789012:assumed-role/*"]))
        self.denied(session)

    def test_principal_organization(self) -> None:
        here = self.new_role("org", aws.trust(StringEquals={"aws:PrincipalOrgID": self.organization_id}))
        elsewhere = self.new_role("other-org", aws.trust(StringEquals={"aws:PrincipalOrgID": "o-elsewhere0"}))
        aws.assume(here)
        self.denied(elsewhere)

    def test_unknown_operator_fails_closed(self) -> None:
        self.denied(self.new_role("odd", aws.trust(BinaryEquals={"aws:PrincipalArn": "x"})))

    def test_path_counts(self) -> None:
        arn = self.new_role("pathed", aws.trust(), Path="/platform/polo/")
        self.assertIn(":role/platform/polo/pathed-PoloReadRole", arn)
        answer = aws.assume(arn)
        self.assertIn(":assumed-role/pathed-PoloReadRole/", answer["AssumedRoleUser"]["Arn"])
        self.denied(f"arn:aws:iam::{self.account_id}:role/pathed-PoloReadRole")

    def test_closed_accounts(self) -> None:
        closing = aws.account("closing")
        arn = aws.role(closing, aws.trust())
        aws.assume(arn)
        for state in ("SUSPENDED", "PENDING_CLOSURE", "CLOSED", "PENDING_ACTIVATION"):
            aws.control("POST", "account-state", {"account_id": closing, "state": state})
            with self.subTest(state=state):
                self.denied(arn)
        aws.control("POST", "account-state", {"account_id": closing, "state": "SOMETHING_NEW"})
        aws.assume(arn)

    def test_resource_control_policy(self) -> None:
        guarded = aws.account("guarded")
        arn = aws.role(guarded, aws.trust())
        aws.assume(arn)
        deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}
        aws.attach("RESOURCE_CONTROL_POLICY", guarded, [deny], "no-entry")
        status, code, message = aws.refused(lambda: aws.assume(arn))
        self.assertEqual((status, code), (403, "AccessDenied"))
        self.assertTrue(message.endswith(f"{arn} with an explicit deny in a resource control policy"), message)

    def test_resource_control_policy_with_a_condition_spares_the_organization(self) -> None:
        perimeter = aws.account("perimeter")
        arn = aws.role(perimeter, aws.trust())
        deny = {
            "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*",
            "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": self.organization_id}},
        }  # fmt: skip
        aws.attach("RESOURCE_CONTROL_POLICY", perimeter, [deny], "perimeter")
        aws.assume(arn)

    def test_service_control_policy_on_the_caller(self) -> None:
        caller = aws.account("second-hub")
        aws.role(caller, aws.trust(external_id=None), ["sts:AssumeRole"], name="caller-PoloReadRole")
        arn = self.new_role("from-member", aws.trust({"AWS": caller}))
        credentials = aws.assume(f"arn:aws:iam::{caller}:role/caller-PoloReadRole", external_id=None)["Credentials"]
        aws.assume(arn, credentials)
        aws.attach("SERVICE_CONTROL_POLICY", caller, [{"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}], "stay")
        message = aws.refused(lambda: aws.assume(arn, credentials))[2]
        self.assertTrue(message.endswith(f"{arn} with an explicit deny in a service control policy"), message)

    def test_hub_role_needs_the_permission_itself(self) -> None:
        arn = aws.role(self.account_id, aws.trust(), name="Admin")
        message = aws.refused(lambda: aws.assume(arn))[2]
        self.assertTrue(message.endswith("because no identity-based policy allows the sts:AssumeRole action"), message)
        aws.assume(arn, aws.function("dev-polo-collection-dispatcher"))

    def test_validation(self) -> None:
        for more, part in (
            ({"RoleSessionName": "with space"}, "at 'roleSessionName' failed to satisfy constraint"),
            ({"RoleSessionName": "x" * 65}, "length less than or equal to 64"),
            ({"DurationSeconds": 43201}, "at 'durationSeconds'"),
        ):
            with self.subTest(more=more):
                status, code, message = aws.refused(lambda more=more: aws.assume(self.arn, **more))
                self.assertEqual((status, code), (400, "ValidationError"))
                self.assertIn(part, message)
        dispatcher = aws.function("dev-polo-collection-dispatcher")
        for arn in ("arn:aws:iam::12345:role/dev-PoloReadRole", "arn:aws:sts::123456789012:role/dev-PoloReadRole"):
            self.assertEqual(aws.refused(lambda arn=arn: aws.assume(arn, dispatcher))[1], "ValidationError")

    def test_chained_sessions_last_an_hour_at_most(self) -> None:
        arn = self.new_role("long", aws.trust(external_id=None), MaxSessionDuration=7200)
        _, code, message = aws.refused(lambda: aws.assume(arn, DurationSeconds=3601))
        self.assertEqual(code, "ValidationError")
        self.assertIn("1 hour session limit for roles assumed by role chaining", message)
        answer = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=7200)
        self.assertIn("Credentials", answer)
        _, _, message = aws.refused(lambda: aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="me", DurationSeconds=7201))
        self.assertIn("MaxSessionDuration", message)

    def test_forged_and_foreign_tokens(self) -> None:
        real = aws.assume(self.arn)["Credentials"]
        for forged in ({**real, "SessionToken": "made-up"}, {**real, "AccessKeyId": "ASIAFORGED0000000000"}):
            self.assertEqual(aws.refused(aws.client("sts", forged).get_caller_identity)[1], "InvalidClientTokenId")
            self.assertEqual(aws.refused(aws.client("ec2", forged).describe_volumes)[:2], (401, "AuthFailure"))
            self.assertEqual(aws.refused(aws.client("logs", forged).describe_log_groups)[1], "UnrecognizedClientException")

    def test_session_policy_narrows(self) -> None:
        policy = '{"Statement":[{"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}]}'
        narrowed = aws.assume(self.arn, Policy=policy)["Credentials"]
        aws.client("iam", narrowed).get_role(RoleName=aws.READ_ROLE)
        self.assertIn("no session policy allows", aws.refused(aws.client("ec2", narrowed).describe_volumes)[2])

    def test_deleting_the_role_ends_its_sessions(self) -> None:
        arn = self.new_role("short-lived", aws.trust(), actions=["ec2:DescribeVolumes"])
        credentials = aws.assume(arn)["Credentials"]
        ec2 = aws.client("ec2", credentials)
        ec2.describe_volumes()
        iam = aws.client("iam", aws.enter(self.account_id))
        iam.delete_role_policy(RoleName="short-lived-PoloReadRole", PolicyName="read")
        iam.delete_role(RoleName="short-lived-PoloReadRole")
        self.assertEqual(aws.refused(ec2.describe_volumes)[1], "UnauthorizedOperation")
        self.denied(arn)

    def test_federation_lets_nobody_in(self) -> None:
        sts = aws.client("sts")
        call = lambda: sts.assume_role_with_web_identity(  # noqa: E731
            RoleArn=self.arn, RoleSessionName="web", WebIdentityToken="token"
        )
        self.assertEqual(aws.refused(call)[1], "AccessDenied")


if __name__ == "__main__":
    unittest.main()
