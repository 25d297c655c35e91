# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""The report of the benchmarks: it has a table for what was run, and says where a target is missed."""

import pathlib
import subprocess
import tempfile
import unittest

REPORT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bench-report"
FIGURES = {"wall": 2, "cpu": 1, "memory": 300, "heap": 100, "threads": 20, "native threads": 35,
           "overflows": 0, "failures": 0}


class BenchReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("version.txt", 'openjdk version "25"\nOpenJDK Runtime Environment (build 25)\n')
        (self.root / "load.txt").write_text("0.1 0.1 0.1 1/100 1\n")
        self.write("commands.txt", "http.tsv: java A\n" * 2)
        self.write("http.tsv", "")
        self.write("timers.tsv", "")

    def write(self, name, content):
        file = self.root / "jdk25" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)

    def measure(self, client, load="new connections", size="10000 x 1000 ms", **figures):
        with (self.root / "jdk25" / "http.tsv").open("a") as file:
            for metric, value in {**FIGURES, **figures}.items():
                file.write(f"http\t{client}\t{load}\t{size}\t{metric.replace('_', ' ')}\t{value}\n")

    def peers(self, **load):
        """The JDK's client takes twice the wall and five times the CPU of the figures, Reactor Netty as much wall."""
        self.measure("jdk", **load, wall=4, cpu=5, memory=500)
        self.measure("reactor-netty", **load, cpu=2)

    def report(self):
        run = subprocess.run([REPORT, self.root, "60"], capture_output=True, text=True)
        self.assertEqual(0, run.returncode, run.stderr)
        return run.stdout

    def verdict(self, client="fermata"):
        (row,) = [line for line in self.report().splitlines() if f"| {client} |" in line]
        return row.split("|")[-2].strip()

    def test_targets_that_are_met_to_the_last_are_met(self):
        self.measure("fermata")
        self.peers()
        said = self.verdict()
        self.assertTrue(said.startswith("met: "), said)
        for share in ("cpu 0.20 of jdk's", "wall 0.50 of jdk's", "cpu 0.50 of reactor-netty's",
                      "wall 1.00 of reactor-netty's", "memory 1.00 of reactor-netty's"):
            self.assertIn(share, said)

    def test_each_missed_target_is_said(self):
        for figures, missed in (
            ({"cpu": 1.1}, "cpu 0.22 of jdk's, at most 0.2"),
            ({"cpu": 1.3}, "cpu 0.65 of reactor-netty's, at most 0.6"),
            ({"wall": 2.1}, "wall 1.05 of reactor-netty's, at most 1"),
            ({"memory": 310}, "memory 1.03 of reactor-netty's, at most 1"),
            ({"threads": 10_030}, "a thread per call: 10,030"),
            ({"failures": 3}, "3.00 failures"),
        ):
            self.write("http.tsv", "")
            self.measure("fermata", **figures)
            self.peers()
            said = self.verdict()
            self.assertTrue(said.startswith("missed: "), said)
            self.assertIn(f"**{missed}**", said)

    def test_the_best_peer_counts_and_fermata_itself_is_none(self):
        self.measure("fermata", wall=1.5)
        self.measure("fermata-actions", wall=1)
        self.peers()
        self.measure("apache", wall=1.4)
        self.assertIn("**wall 1.07 of apache's, at most 1**", self.verdict())
        self.assertIn("wall 0.71 of apache's", self.verdict("fermata-actions"))

    def test_a_miss_within_the_spread_is_called_so(self):
        for wall in (2.0, 2.2, 2.4):
            self.measure("fermata", wall=wall)
            self.measure("reactor-netty", wall=wall - 0.1, cpu=2)
        self.assertIn("at most 1** (within the spread)", self.verdict())

    def test_targets_of_new_connections_are_no_targets_of_others(self):
        self.measure("fermata", load="pooled connections")
        self.peers(load="pooled connections")
        self.assertNotIn("of jdk's", self.verdict())

    def test_streams_are_compared_with_the_prototype(self):
        streams = {"load": "streams", "size": "1000 x 10 ms"}
        self.measure("fermata", **streams, cpu=1.02)
        self.peers(**streams)
        self.assertIn("missed: **cpu 1.02 s, the prototype's 1.01**", self.verdict())

    def test_a_full_backlog_is_said(self):
        self.measure("fermata")
        self.peers()
        self.assertNotIn("backlog", self.report())
        self.measure("apache", overflows=7)
        self.assertIn("found no room in the server's backlog", self.report())

    def test_timers_are_compared_with_those_of_the_jdk(self):
        for timer, cost in (("fermata", 0.5), ("jdk", 1), ("netty-wheel", 0.2)):
            for metric in ("insert", "cancel", "fire", "pending", "heap", "resident"):
                with (self.root / "jdk25" / "timers.tsv").open("a") as file:
                    file.write(f"timers\t{timer}\t1000000\t{metric}\t{cost}\n")
        self.assertEqual("insert: wins; cancel: wins; fire: wins", self.verdict())

    def test_what_was_not_run_has_no_table_and_a_command_is_named_once(self):
        self.measure("fermata")
        self.peers()
        report = self.report()
        self.assertNotIn("Suspend and resume", report)
        self.assertNotIn("on Flink", report)
        self.assertEqual(1, report.count("java A"))

    def log(self, name, callers=64, **figures):
        figures = {"rate": 1000, "per_sync": 20, "median": 50, "p99": 100, "cpu": 5, **figures}
        with (self.root / "jdk25" / "journal.tsv").open("a") as file:
            for metric, value in figures.items():
                file.write(f"appends\t{name}\t{callers}\t{metric.replace('_', ' ')}\t{value}\n")

    def test_a_journal_meets_its_targets_or_says_which_it_missed(self):
        self.log("rocksdb", rate=1000)
        self.log("fermata", rate=1001)
        self.assertEqual("met: per sync 20.0; wins", self.verdict())

        self.log("fermata-actions", rate=500, per_sync=19)
        self.assertEqual(
            "**missed: per sync 19.0, at least 20**; **loses: 2.00 times the peer**", self.verdict("fermata-actions")
        )

    def test_recovery_has_a_target_of_its_own(self):
        with (self.root / "jdk25" / "journal.tsv").open("w") as file:
            for name, rate in (("fermata", 499_999), ("rocksdb", 1)):
                file.write(f"recovery\t{name}\t1000000\tbytes\t140\nrecovery\t{name}\t1000000\trate\t{rate}\n")
        self.assertEqual("**missed: rate 499,999, at least 500,000**", self.verdict())
        self.assertEqual("", self.verdict("rocksdb"))


if __name__ == "__main__":
    unittest.main()
