# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of the journal in the benchmarks' report."""

from bench_tables import at_least, figure, lost, samples, table

# Where callers share a sync: so many of them, at least so many appends of theirs in one.
SHARING_CALLERS, APPENDS_PER_SYNC = 64, 20
RECORDS_PER_SECOND = 500_000


def journal(jdks):
    appends(jdks)
    recovery(jdks)


def by_load(jdks, benchmark):
    """The figures of each contender, by JDK and load."""
    for version, folder in jdks:
        loads = {}
        for (name, load, metric), sample in samples(folder / "journal.tsv", benchmark).items():
            loads.setdefault(int(load), {}).setdefault(name, {})[metric] = sample
        for load, contenders in sorted(loads.items()):
            yield version, load, contenders


def appends(jdks):
    rows = []
    for version, callers, contenders in by_load(jdks, "appends"):
        for name, figures in contenders.items():
            said = []
            if name.startswith("fermata") and callers == SHARING_CALLERS:
                said.append(at_least("per sync", figures["per sync"].median, APPENDS_PER_SYNC))
            if name.startswith("fermata") and "rocksdb" in contenders:
                peer = contenders["rocksdb"]["rate"]
                near = " (within the spread)" if figures["rate"].overlaps(peer) else ""
                said.append(lost(peer.median / figures["rate"].median) + near)
            rows.append(
                [version, callers, name]
                + [figures[metric] for metric in ("rate", "per sync", "median", "p99", "cpu")]
                + ["; ".join(said)]
            )
    table(
        "Journal: durable appends",
        "Callers each wait for one append of 100 bytes before the next. `disk`: a plain file with a sync (fdatasync) for each "
        "append; `fermata-actions`: callers are suspended actions of one loop, the others are threads. Peer: `rocksdb`, "
        "its write-ahead log with sync.",
        ["JDK", "callers", "log", "appends a second", "per sync", "median, us", "p99, us", "CPU each, us", "verdict"],
        rows,
    )


def recovery(jdks):
    rows = []
    for version, records, contenders in by_load(jdks, "recovery"):
        for name, figures in contenders.items():
            said = at_least("rate", figures["rate"].median, RECORDS_PER_SECOND) if name.startswith("fermata") else ""
            rows.append([version, f"{records:,}", name, figures["rate"], figures["bytes"], said])
    table(
        "Journal: recovery",
        "A log with so many records of 100 bytes of payload is opened; its files are in the page cache. `fermata` keeps all "
        "records, for their actions have not ended; `fermata-read` keeps none; `rocksdb` reads its write-ahead log into its "
        "table in memory.",
        ["JDK", "records", "log", "records a second", "bytes each", "verdict"],
        rows,
    )
