"""Seeded CloudWatch metrics (POST /polo-local/metrics) and what their statistics are over any period.

Invariant: a metric is sampled every `every_s` seconds; a sample is `value` plus `swing` times a wave that is -1 at midnight UTC, 1 at
noon and straight in between. Nothing is random, so every statistic follows from the seed.
"""

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

from aws import seeds

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Series:
    """One metric of one account and region."""

    account_id: str
    region: str
    namespace: str
    metric_name: str
    dimensions: dict[str, str]
    unit: str
    value: float
    swing: float
    every_s: int
    start: datetime.datetime | None
    end: datetime.datetime | None

    def statistic(self, name: str, first: int, last: int) -> float | None:
        """A statistic over the samples from `first` to before `last` (seconds since 1970); None where there is no sample."""
        if self.start:
            first = max(first, int(self.start.timestamp()))
        if self.end:
            last = min(last, int(self.end.timestamp()))
        first += -first % self.every_s
        if first >= last:
            return None
        # The wave repeats every day, and so do the samples where they divide it.
        offset = first % DAY_SECONDS if DAY_SECONDS % self.every_s == 0 else first
        wave = _wave(name, offset, last - first, self.every_s)
        count = -(-(last - first) // self.every_s)
        if name == "SampleCount":
            return float(count)
        if name == "Sum":
            return self.value * count + self.swing * wave
        return self.value + self.swing * wave


series: seeds.Seeds[Series] = seeds.Seeds(
    "metrics",
    {
        "account_id": seeds.account(),
        "region": seeds.text(),
        "namespace": seeds.text(),
        "metric_name": seeds.text(),
        "dimensions": seeds.texts({}),
        "unit": seeds.text("None"),
        "value": seeds.number(),
        "swing": seeds.number(0.0, least=0.0),
        "every_s": seeds.whole(300),
        "start": seeds.moment(None),
        "end": seeds.moment(None),
    },
    Series,
)


def known_statistic(name: str) -> bool:
    """Whether the statistic is one that can be computed here: the five plain ones and percentiles."""
    return name in ("SampleCount", "Average", "Sum", "Minimum", "Maximum") or _percentile(name) is not None


def _percentile(name: str) -> float | None:
    match = re.fullmatch(r"p(\d{1,2}(?:\.\d{1,10})?|100)", name)
    return float(match.group(1)) if match else None


@lru_cache(maxsize=65_536)
def _wave(name: str, offset: int, seconds: int, every_s: int) -> float:
    samples = [1 - abs((offset + step) % DAY_SECONDS - DAY_SECONDS / 2) / (DAY_SECONDS / 4) for step in range(0, seconds, every_s)]
    if name == "Sum":
        return sum(samples)
    if name == "Minimum":
        return min(samples)
    if name == "Maximum":
        return max(samples)
    share = _percentile(name)
    if share is not None:
        return sorted(samples)[min(len(samples) - 1, int(share / 100 * len(samples)))]
    return sum(samples) / len(samples)
