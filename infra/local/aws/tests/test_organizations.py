"""Organizations: who may ask, pages, State, Paths, policy types."""

import unittest

import harness as aws


def all_pages(call: object, key: str, **more: object) -> list[list[dict]]:
    pages, token = [], None
    while True:
        answer = call(**more, **({"NextToken": token} if token else {}))
        pages.append(answer[key])
        token = answer.get("NextToken")
        if not token:
            return pages


class Organization(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        aws.fresh()
        cls.organization_id, cls.root_id = aws.organization(types=())
        cls.unit_id = aws.unit("Workloads", cls.root_id)
        cls.inner_id = aws.unit("Production", cls.unit_id)
        cls.account_ids = [aws.account(f"account-{n}", cls.inner_id) for n in range(23)]
        cls.organizations = aws.client("organizations")

    def tearDown(self) -> None:
        aws.control("POST", "options", {"account_paths": True, "account_state": "state"})

    def test_list_accounts_pages_of_at_most_20(self) -> None:
        pages = all_pages(self.organizations.list_accounts, "Accounts")
        self.assertEqual([len(page) for page in pages], [20, 4])
        listed = [account["Id"] for page in pages for account in page]
        self.assertEqual(sorted(listed), sorted([aws.HUB, *self.account_ids]))
        self.assertEqual(len(all_pages(self.organizations.list_accounts, "Accounts", MaxResults=5)), 5)
        self.assertEqual(aws.refused(lambda: self.organizations.list_accounts(MaxResults=21))[1], "InvalidInputException")
        self.assertEqual(aws.refused(lambda: self.organizations.list_accounts(NextToken="x"))[1], "InvalidInputException")

    def test_list_accounts_for_parent_pages_too(self) -> None:
        pages = all_pages(self.organizations.list_accounts_for_parent, "Accounts", ParentId=self.inner_id)
        self.assertEqual([len(page) for page in pages], [20, 3])
        self.assertEqual(all_pages(self.organizations.list_accounts_for_parent, "Accounts", ParentId=self.unit_id), [[]])
        missing = aws.refused(lambda: self.organizations.list_accounts_for_parent(ParentId="ou-zzzz-zzzzzzzz"))
        self.assertEqual(missing[1], "ParentNotFoundException")

    def test_tree(self) -> None:
        units = self.organizations.list_organizational_units_for_parent(ParentId=self.root_id)
        self.assertEqual([unit["Name"] for unit in units["OrganizationalUnits"]], ["Workloads"])
        self.assertNotIn("NextToken", units)

    def test_state_and_never_the_retired_status(self) -> None:
        account = self.organizations.describe_account(AccountId=self.account_ids[0])["Account"]
        self.assertEqual(account["State"], "ACTIVE")
        self.assertNotIn("Status", account)
        for shown, present, absent in (("status", "Status", "State"), ("none", "Name", "State")):
            aws.control("POST", "options", {"account_state": shown})
            account = self.organizations.describe_account(AccountId=self.account_ids[0])["Account"]
            self.assertIn(present, account)
            self.assertNotIn(absent, account)

    def test_paths_can_be_switched_off(self) -> None:
        expected = f"{self.organization_id}/{self.root_id}/{self.unit_id}/{self.inner_id}/{self.account_ids[0]}/"
        account = self.organizations.describe_account(AccountId=self.account_ids[0])["Account"]
        self.assertEqual(account["Paths"], [expected])
        listed = {account["Id"]: account for page in all_pages(self.organizations.list_accounts, "Accounts") for account in page}
        self.assertEqual(listed[aws.HUB]["Paths"], [f"{self.organization_id}/{self.root_id}/{aws.HUB}/"])
        aws.control("POST", "options", {"account_paths": False})
        self.assertNotIn("Paths", self.organizations.describe_account(AccountId=self.account_ids[0])["Account"])

    def test_every_state_is_listed(self) -> None:
        states = ["PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED", "NEVER_HEARD_OF"]
        for account_id, state in zip(self.account_ids, states, strict=False):
            self.assertEqual(aws.control("POST", "account-state", {"account_id": account_id, "state": state})[0], 200)
        listed = {account["Id"]: account for page in all_pages(self.organizations.list_accounts, "Accounts") for account in page}
        for account_id, state in zip(self.account_ids, states, strict=False):
            self.assertEqual(listed[account_id]["State"], state)
            aws.control("POST", "account-state", {"account_id": account_id, "state": "ACTIVE"})
        self.assertEqual(aws.control("POST", "account-state", {"account_id": "999999999999", "state": "CLOSED"})[0], 404)

    def test_close_account(self) -> None:
        account_id = aws.account("to-close")
        self.organizations.close_account(AccountId=account_id)
        self.assertEqual(self.organizations.describe_account(AccountId=account_id)["Account"]["State"], "PENDING_CLOSURE")
        again = aws.refused(lambda: self.organizations.close_account(AccountId=account_id))
        self.assertEqual(again[1], "AccountAlreadyClosedException")
        self.organizations.remove_account_from_organization(AccountId=account_id)

    def test_members_may_only_describe_the_organization(self) -> None:
        member = aws.client("organizations", aws.enter(self.account_ids[1]))
        self.assertEqual(member.describe_organization()["Organization"]["Id"], self.organization_id)
        for call in (member.list_accounts, member.list_roots, lambda: member.list_accounts_for_parent(ParentId=self.root_id)):
            self.assertEqual(aws.refused(call)[:2], (400, "AccessDeniedException"))

    def test_describe_organization_by_a_members_read_role(self) -> None:
        account_id = self.account_ids[3]
        allowed = aws.assume(aws.role(account_id, aws.trust(), ["organizations:DescribeOrganization"]))["Credentials"]
        described = aws.client("organizations", allowed).describe_organization()["Organization"]
        self.assertEqual((described["Id"], described["MasterAccountId"]), (self.organization_id, aws.HUB))
        bare = aws.assume(aws.role(account_id, aws.trust(), ["ec2:*"], name="bare-PoloReadRole"))["Credentials"]
        status, code, message = aws.refused(aws.client("organizations", bare).describe_organization)
        self.assertEqual((status, code), (400, "AccessDeniedException"))
        self.assertIn("allows the organizations:DescribeOrganization action", message)

    def test_describe_organization_outside_of_any(self) -> None:
        account_id = aws.account("sold")
        credentials = aws.assume(aws.role(account_id, aws.trust(), ["organizations:DescribeOrganization"]))["Credentials"]
        self.organizations.remove_account_from_organization(AccountId=account_id)
        refused = aws.refused(aws.client("organizations", credentials).describe_organization)
        self.assertEqual(refused[:2], (400, "AWSOrganizationsNotInUseException"))

    def test_delegated_administrator_may_read(self) -> None:
        account_id = self.account_ids[2]
        self.organizations.register_delegated_administrator(
            AccountId=account_id, ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com"
        )
        member = aws.client("organizations", aws.enter(account_id))
        self.assertEqual(len(member.list_accounts()["Accounts"]), 20)
        self.assertEqual(
            aws.refused(lambda: member.create_account(AccountName="x", Email="x@example.com"))[1], "AccessDeniedException"
        )
        self.organizations.deregister_delegated_administrator(
            AccountId=account_id, ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com"
        )
        self.assertEqual(aws.refused(member.list_accounts)[1], "AccessDeniedException")

    def test_hub_functions_read_what_their_role_allows(self) -> None:
        discovery = aws.client("organizations", aws.function("dev-polo-account-discovery"))
        self.assertEqual(len(discovery.list_accounts()["Accounts"]), 20)
        verifier = aws.client("organizations", aws.function())
        self.assertEqual(aws.refused(verifier.list_accounts)[1], "AccessDeniedException")
        self.assertEqual(aws.refused(lambda: discovery.close_account(AccountId=self.account_ids[0]))[1], "AccessDeniedException")

    def test_left_accounts_are_gone(self) -> None:
        account_id = aws.account("leaver")
        credentials = aws.enter(account_id)
        self.organizations.remove_account_from_organization(AccountId=account_id)
        listed = [account["Id"] for page in all_pages(self.organizations.list_accounts, "Accounts") for account in page]
        self.assertNotIn(account_id, listed)
        left = aws.refused(aws.client("organizations", credentials).describe_organization)
        self.assertEqual(left[1], "AWSOrganizationsNotInUseException")

    def test_policies_need_their_type(self) -> None:
        deny = [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]
        refused = aws.refused(lambda: aws.attach("SERVICE_CONTROL_POLICY", self.unit_id, deny, "too-early"))
        self.assertEqual(refused[1], "PolicyTypeNotEnabledException")


class Ids(unittest.TestCase):
    def test_same_in_every_local_aws(self) -> None:
        found = []
        for _ in range(2):
            aws.fresh()
            _, root_id = aws.organization(types=())
            found.append((root_id, aws.account("shop"), aws.account("search")))
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0][0], "r-polo")
        self.assertEqual(len(set(found[0])), 3)

    def test_account_ids_are_taken_once(self) -> None:
        aws.fresh()
        aws.organization(types=())
        one, two = aws.account("shop"), aws.account("shop")
        self.assertNotEqual(one, two)
        self.assertRegex(two, r"^\d{12}$")

    def test_of_the_sample_payloads(self) -> None:
        # events/collector.json and the documents quote it: the example organization's account with the most in it.
        aws.fresh()
        aws.organization(types=())
        status = aws.client("organizations").create_account(AccountName="shop-production", Email="aws+shop-production@example.com")
        self.assertEqual(status["CreateAccountStatus"]["AccountId"], "411303252912")


class NoOrganization(unittest.TestCase):
    def test_not_in_use(self) -> None:
        aws.fresh()
        organizations = aws.client("organizations")
        for call in (organizations.describe_organization, organizations.list_accounts, organizations.list_roots):
            self.assertEqual(aws.refused(call)[:2], (400, "AWSOrganizationsNotInUseException"))


if __name__ == "__main__":
    unittest.main()
