# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of Spring's @Async in the benchmarks' report."""

from bench_tables import samples, table

METRICS = ("rate", "median", "p99", "cpu", "memory")


def spring(jdks):
    rows = []
    for version, folder in jdks:
        found = {}
        for (executor, metric), sample in samples(folder / "spring.tsv", "async").items():
            found.setdefault(executor, {})[metric] = sample
        rows += [[version, name] + [figures[metric] for metric in METRICS] for name, figures in found.items()]
    table(
        "Spring: requests that fan out by @Async",
        "Requests that all come at once; each makes calls by `@Async`, at once, and waits for all; a call blocks its thread. "
        "Latency is from the first request's coming. `pool-200`: `ThreadPoolTaskExecutor` with 200 threads for requests and 200 "
        "for calls; `pool-all`: with a thread for each; `virtual-threads`: `SimpleAsyncTaskExecutor`; `fermata-call`: requests "
        "are actions, a call holds a worker; `fermata-action`: calls are actions, too; `fermata-waits`: the same, with calls "
        "that wait by Fermata. How many requests, calls and milliseconds: in the commands below.",
        ["JDK", "executor", "requests a second", "median, ms", "p99, ms", "CPU a call, us", "most memory, MB"],
        rows,
    )
