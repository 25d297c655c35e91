# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of HTTP clients and of timers in the benchmarks' report."""

from bench_tables import figure, lost, samples, table

# Most that our HTTP client may take, in shares of a peer's median: figure, peer, share. The targets on the JDK's client are
# for new connections; of all peers the best counts.
HTTP_TARGETS = [("cpu", "reactor-netty", 0.6), ("wall", None, 1), ("memory", "reactor-netty", 1)]
HTTP_NEW_CONNECTIONS = [("cpu", "jdk", 0.2), ("wall", "jdk", 0.5)]
# Processor time of the prototype, in seconds, by JDK, for this load.
HTTP_PROTOTYPE_STREAMS = {("17", "1000 x 10 ms"): 1.07, ("25", "1000 x 10 ms"): 1.01}
# With more threads than this there is one for each of some calls.
HTTP_MOST_THREADS = 100


def http_shares(own, peers, targets):
    """What the targets make of one client of ours: those missed, and those met."""
    missed, met = [], []
    for metric, name, share in targets:
        candidates = [peer for peer in peers if name in (None, peer)]
        if candidates:
            best = min(candidates, key=lambda peer: peers[peer][metric].median)
            ratio = own[metric].median / peers[best][metric].median
            text = f"{metric} {figure(ratio)} of {best}'s"
            if ratio <= share:
                met.append(text)
            else:
                near = " (within the spread)" if own[metric].overlaps(peers[best][metric]) else ""
                missed.append(f"**{text}, at most {share}**{near}")
    return missed, met


def http_verdict(version, load, size, own, peers):
    targets = HTTP_TARGETS + (HTTP_NEW_CONNECTIONS if load == "new connections" else [])
    missed, met = http_shares(own, peers, targets)
    prototype = HTTP_PROTOTYPE_STREAMS.get((str(version), size)) if load == "streams" else None
    if prototype:
        text = f"cpu {figure(own['cpu'].median)} s, the prototype's {prototype}"
        met.append(text) if own["cpu"].median <= prototype else missed.append(f"**{text}**")
    threads = max(own["threads"].values)
    if threads > HTTP_MOST_THREADS:
        missed.append(f"**a thread per call: {figure(threads)}**")
    failures = sum(own["failures"].values)
    if failures:
        missed.append(f"**{figure(failures)} failures**")
    return ("missed: " + "; ".join(missed) + ". " if missed else "") + ("met: " + "; ".join(met) if met else "")


def http_calls(jdks):
    loads = {}
    overflows = 0
    for version, folder in jdks:
        for (client, load, size, metric), sample in samples(folder / "http.tsv", "http").items():
            loads.setdefault(load, {}).setdefault((version, size), {}).setdefault(client, {})[metric] = sample
            overflows += sum(sample.values) if metric == "overflows" else 0
    for load, runs in loads.items():
        rows = []
        for (version, size), clients in runs.items():
            peers = {name: figures for name, figures in clients.items() if not name.startswith("fermata")}
            for name, figures in clients.items():
                said = "" if name in peers else http_verdict(version, load, size, figures, peers)
                rows.append(
                    [version, size, name]
                    + [figures[metric] for metric in ("wall", "cpu", "memory", "heap")]
                    + [figure(max(figures[metric].values)) for metric in ("threads", "native threads")]
                    + [figure(sum(figures["failures"].values)), said]
                )
        table(
            f"HTTP: {load}",
            HTTP_NOTES[load] + (" **Connections found no room in the server's backlog.**" if overflows else ""),
            ["JDK", "calls", "client", "wall, s", "CPU, s", "peak memory, MB", "peak heap, MB"]
            + ["threads", "with the JVM's", "failures", "verdict"],
            rows,
        )


HTTP_NOTES = {
    "new connections": "All calls at once, each on a connection of its own that it has to make.",
    "pooled connections": "The same calls once more, on the connections of those before.",
    "new TLS connections": "As new connections, with HTTP/1.1 under TLS.",
    "pooled TLS connections": "The same calls once more, on the connections of those before.",
    "HTTP/2": "All calls at once, as streams of connections that are there.",
    "streams": "Calls answered by 100 server-sent events each, one every so many ms.",
    "throughput": "Calls that are answered at once, 64 at a time.",
    "cold start": "From the start of the JVM to the last answer, without warm-up; CPU of the whole process.",
}


def pending_timers(jdks):
    rows = []
    for version, folder in jdks:
        timers = {}
        for (name, entries, metric), sample in samples(folder / "timers.tsv", "timers").items():
            timers.setdefault(entries, {}).setdefault(name, {})[metric] = sample
        for entries, names in timers.items():
            for name, figures in names.items():
                said = ""
                if name == "fermata":
                    said = "; ".join(
                        f"{metric}: {lost(figures[metric].median / names['jdk'][metric].median)}"
                        for metric in ("insert", "cancel", "fire")
                        if names["jdk"][metric].median
                    )
                rows.append(
                    [version, f"{int(entries):,}", name]
                    + [figures[metric] for metric in ("insert", "cancel", "fire", "pending")]
                    + [figure(figures[metric].median) for metric in ("heap", "resident")]
                    + [said]
                )
    table(
        "Pending timers",
        "us of processor time, of all threads, for one entry among so many: inserted; cancelled; inserted and come due. "
        "Pending: percent of a core while none is due. `fermata`: sleeps of the engine, with the slot that a call "
        "has, without actions; `jdk`: ScheduledThreadPoolExecutor, `netty-wheel`: HashedWheelTimer with ticks of 100 ms. "
        "Peer: jdk.",
        ["JDK", "entries", "timer", "insert, us", "cancel, us", "fire, us", "pending, %"]
        + ["heap each, B", "outside the heap each, B", "verdict"],
        rows,
    )
