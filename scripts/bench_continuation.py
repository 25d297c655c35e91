# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of continuations and generators in the benchmarks' report."""

from bench_tables import figure, jmh, samples, table, verdict

# Live suspend and resume over the bare JDK continuation, guard aside; a thread-handing generator over ours.
MOST_OVER_BARE, LEAST_OVER_THREADS = 2, 20


def continuation(jdks):
    live(jdks)
    generators(jdks)
    replays(jdks)
    speculations(jdks)


def live(jdks):
    rows = []
    for version, folder in jdks:
        peer = next((sample for _, sample in jmh(folder / "bare.json")), None)
        for strategy in ("handoff", "continuation", "virtual"):
            for params, sample in jmh(folder / f"live-{strategy}.json"):
                ratio = sample.median / peer.median if peer else None
                promises = params["promising"] == "true"
                # The guard is aside where the JVM refuses by itself, or where the code promises.
                aside = strategy == "continuation" and (promises or version < 24)
                rows.append(
                    [version, strategy, params["recorded"], promises, sample, peer or ""]
                    + [figure(ratio) if ratio else "", verdict(ratio, MOST_OVER_BARE, "times") if aside else ""]
                )
    table(
        "Continuations: suspend and resume",
        "ns for one suspend and one resume of a `Continuation`, live, under ten frames. Recorded: it can be copied and "
        "saved. Promising: `holdsNoMonitors()`. Peer: `jdk.internal.vm.Continuation` and nothing around it.",
        ["JDK", "strategy", "recorded", "promising", "ns", "bare, ns", "ratio", "verdict"],
        rows,
    )


def generators(jdks):
    rows = []
    for version, folder in jdks:
        found = {params["by"]: sample for params, sample in jmh(folder / "generators.json")}
        peers = [found.pop("semaphores"), found.pop("queue")]
        bare = [sample for _, sample in jmh(folder / "bare.json")]
        for by, sample in found.items():
            ratios = [peer.median / sample.median for peer in peers]
            met = ["met" if ratio >= LEAST_OVER_THREADS else "**missed**" for ratio in ratios]
            said = f"{met[0]} over semaphores, {met[1]} over queue (at least {LEAST_OVER_THREADS} times)"
            rows.append([version, by, sample, *peers, *(bare or [""]), *map(figure, ratios), said])
    table(
        "Generators: one element",
        "ns for one element of a recorded `Generator` that counts. Peers, each with a thread of its own: `semaphores`, which "
        "makes an element when it is asked, as a `Generator` does; `queue`, which hands over by a `SynchronousQueue`, makes "
        "the next element meanwhile, and spins before it parks, on both cores. `bare`: the JDK's continuation and nothing "
        "around it, under ten frames. `promising`: `CONTINUATION` with `holdsNoMonitors()`.",
        ["JDK", "by", "ns", "semaphores, ns", "queue, ns", "bare, ns", "over semaphores", "over queue", "verdict"],
        rows,
    )


def replays(jdks):
    rows = []
    for version, folder in jdks:
        for params, sample in jmh(folder / "replay.json"):
            rows.append([version, params["input"], f"{int(params['history']):,}", params["snapshots"], sample])
    table(
        "Continuations: copy, replay and one step",
        "us for a copy, its first resume, and its end, against how many inputs the continuation was given before; with "
        "snapshots every ten inputs, and without. Under the default strategy.",
        ["JDK", "inputs", "history", "snapshots", "us"],
        rows,
    )


def speculations(jdks):
    rows = []
    for version, folder in jdks:
        for (lookups, how), sample in samples(folder / "speculation.tsv").items():
            rows.append([version, lookups, how, sample])
    table(
        "Speculation: lookups that each need the answer before",
        "ms for all of them, in a store that answers each after a delay: asked one after another, without a continuation; and "
        "by a `Speculation` with one guess at each answer.",
        ["JDK", "lookups", "how", "ms"],
        rows,
    )
