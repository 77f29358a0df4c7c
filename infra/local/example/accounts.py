"""The example organization as a table: its OUs, its accounts, the condition of each, and the status that must follow.

Invariant: the expected statuses follow from the status rule alone (ARCHITECTURE.md), never from what the code happened to do.
"""

from dataclasses import dataclass

# The regions that the accounts have enabled; the first has most of what there is.
REGIONS = ["us-east-1", "eu-central-1"]
# Name -> parent, in the order of creation. "" is the root.
UNITS = {
    "Workloads": "",
    "Production": "Workloads",
    "Payments": "Production",
    "Staging": "Workloads",
    "Security": "",
    "Acquired": "",
    "Sandbox": "",
}
# The StackSet rolls the read role out to these; "Acquired" joined later and is not among them.
TARGET_UNITS = ["Workloads", "Security", "Sandbox"]
OUT_OF_SCOPE_UNIT = "Sandbox"


@dataclass(frozen=True)
class Account:
    """One member account: where it is, what is wrong with it, what Polo must say about it, and how much is in it."""

    name: str
    unit: str
    condition: str
    size: str = "small"  # none | compute (EC2 alone) | small | large
    alias: bool = True

    @property
    def service(self) -> str:
        """What its resources are tagged with."""
        return self.name.split("-")[0]


ACCOUNTS = [
    Account("shop-production", "Production", "working", "large"),
    Account("search-production", "Production", "working"),
    Account("data-platform", "Production", "working"),
    Account("iot-gateway", "Production", "working", alias=False),
    Account("payments-production", "Payments", "working"),
    Account("shop-staging", "Staging", "working"),
    Account("payments-staging", "Staging", "working", alias=False),
    Account("security-tooling", "Security", "working"),
    Account("log-archive", "Security", "working", "none", alias=False),
    Account("reporting", "Production", "throttled_at_first"),
    Account("card-vault", "Payments", "ec2_denied_by_scp", "none"),
    Account("legacy-billing", "Production", "role_missing", "compute"),
    Account("partner-portal", "Production", "trust_broken", "compute"),
    Account("crm-production", "Production", "external_id_wrong", "compute"),
    Account("people-records", "Security", "denied_by_rcp", "compute"),
    Account("mobile-backend", "Staging", "deployment_failed", "compute"),
    Account("loyalty-staging", "Staging", "brand_new", "none", alias=False),
    Account("acquired-webshop", "Acquired", "never_set_up", "compute"),
    Account("acquired-warehouse", "Acquired", "role_elsewhere"),
    Account("audit-partner", "Production", "excluded_by_operator", "compute"),
    Account("unpaid-laboratory", "Staging", "suspended", "none", alias=False),
    Account("closing-campaign", "Staging", "pending_closure", "none", alias=False),
    Account("closed-campaign", "Staging", "closed", "none", alias=False),
    Account("sandbox-anna", "Sandbox", "out_of_scope", "compute"),
    Account("sandbox-ben", "Sandbox", "out_of_scope", "none", alias=False),
]

# Condition -> (polo_status, status_reason) once Polo has settled: two checks apart, and the propagation grace over.
EXPECTED = {
    "management_account": ("active", "role_works"),
    "working": ("active", "role_works"),
    "throttled_at_first": ("active", "role_works"),
    "ec2_denied_by_scp": ("active", "role_works"),
    "role_elsewhere": ("active", "role_works"),  # once the operator has set the role's ARN
    "role_missing": ("no_access", "deployed_but_denied"),
    "trust_broken": ("no_access", "deployed_but_denied"),
    "external_id_wrong": ("no_access", "deployed_but_denied"),
    "denied_by_rcp": ("no_access", "deployed_but_denied"),
    "deployment_failed": ("pending_setup", "deployment_not_current"),
    "brand_new": ("pending_setup", "deployment_not_current"),
    "never_set_up": ("pending_setup", "never_set_up"),
    "excluded_by_operator": ("excluded", "excluded_by_operator"),
    "suspended": ("excluded", "suspended"),
    "pending_closure": ("excluded", "pending_closure"),
    "closed": ("excluded", "closed"),
    "out_of_scope": ("excluded", "out_of_scope"),
}
