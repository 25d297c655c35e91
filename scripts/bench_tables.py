# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""What every table of the benchmarks' report is made of."""

import collections
import json
import statistics


class Sample:
    """Values of one thing, in the order in which they were measured."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)

    def minus(self, peer):
        return Sample(a - b for a, b in zip(self.values, peer.values))

    def over(self, peer):
        return Sample(a / b for a, b in zip(self.values, peer.values))

    def quartiles(self):
        if len(self.values) == 1:
            return self.median, self.median
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def overlaps(self, other):
        return max(self.quartiles()[0], other.quartiles()[0]) <= min(self.quartiles()[1], other.quartiles()[1])

    def __str__(self):
        if len(self.values) == 1:
            return figure(self.median)
        low, high = self.quartiles()
        return f"{figure(self.median)} [{figure(low)}, {figure(high)}]"


def figure(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def samples(file, wanted=None):
    """Samples of a tab-separated file by the columns between the benchmark, which may be a wanted one, and the value."""
    found = collections.defaultdict(list)
    for line in file.read_text().splitlines():
        benchmark, *key, value = line.split("\t")
        if wanted in (None, benchmark):
            found[tuple(key)].append(float(value))
    return {key: Sample(values) for key, values in found.items()}


def jmh(file):
    """The parameters and the rounds of each benchmark in a result of JMH; none if there is no such file."""
    for result in json.loads(file.read_text()) if file.exists() else ():
        rounds = [value for fork in result["primaryMetric"]["rawData"] for value in fork]
        yield result.get("params") or {}, Sample(rounds)


def table(title, note, header, rows):
    lines = [f"\n## {title}\n", note + "\n", "| " + " | ".join(header) + " |", "| --- " * len(header) + "|"]
    print("\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]))


def verdict(value, target, unit):
    over = value - target
    return f"met (at most {target} {unit})" if over <= 0 else f"**missed by {figure(over)} {unit}** (at most {target})"


def at_least(what, value, target):
    return f"met: {what} {figure(value)}" if value >= target else f"**missed: {what} {figure(value)}, at least {target:,}**"


def lost(ratio):
    return f"**loses: {figure(ratio)} times the peer**" if ratio > 1 else "wins"
