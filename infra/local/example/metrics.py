"""What CloudWatch saw of an account's resources, gathered while they are made and given to the local AWS at once.

Invariant: AWS's own namespaces take no PutMetricData, so these are seeded through the control endpoint (infra/local/aws/README.md).
"""

from typing import Any

from local_aws import LocalAws


class Metrics:
    """The metrics of one account."""

    def __init__(self, account_id: str):
        self._account_id = account_id
        self._rows: list[dict[str, Any]] = []

    def add(
        self, region: str, namespace: str, name: str, dimensions: dict[str, str], value: float, swing: float = 0.0,
        unit: str = "None", every_s: int = 300,
    ) -> None:  # fmt: skip
        """One metric: `value` at every sample, and `swing` more at noon and less at midnight."""
        self._rows.append({
            "account_id": self._account_id, "region": region, "namespace": namespace, "metric_name": name, "dimensions": dimensions,
            "value": value, "swing": swing, "unit": unit, "every_s": every_s,
        })  # fmt: skip

    def send(self, aws: LocalAws) -> None:
        """Hand them all over."""
        aws.control("POST", "metrics", {"metrics": self._rows})
