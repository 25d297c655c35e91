# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a test run: it counts, and it is red for what a green test can hide."""

import os
import pathlib
import subprocess
import tempfile
import unittest

REPORT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "test-report"


class ReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, content):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def suite(self, jdk, tests, failures=0, errors=0, skipped=0):
        """With sums of 0, as Surefire writes them for a parameterized class."""
        inner = ["<failure/>"] * failures + ["<error/>"] * errors + ["<skipped/>"] * skipped
        inner += [""] * (tests - len(inner))
        self.write(
            f"tests/target/surefire-reports/jdk-{jdk}/TEST-A.xml",
            '<testsuite tests="0" failures="0" errors="0" skipped="0">'
            + "".join(f"<testcase>{content}</testcase>" for content in inner)
            + "</testsuite>",
        )

    def report(self, *failed_steps, ci=False):
        return subprocess.run(
            [REPORT, "logs", *failed_steps], cwd=self.root, capture_output=True, text=True,
            env={**os.environ, "CI": "true" if ci else ""},
        )

    def test_counts_every_part_and_closes_with_the_total(self):
        self.write("logs/rust.log", "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n" * 2)
        self.write("logs/jcstress.log", "(Results: 4 planned; 4 passed, 0 failed, 0 soft errs, 0 hard errs)\n")
        self.suite(11, 5)
        self.suite(25, 7)
        run = self.report(ci=True)
        self.assertEqual(0, run.returncode, run.stdout)
        self.assertIn("Rust: 6 passed, 0 failed, 0 skipped\n", run.stdout)
        self.assertIn("JDK 11: 5 passed, 0 failed, 0 skipped\n", run.stdout)
        self.assertEqual("22 passed, 0 failed, 0 skipped", run.stdout.splitlines()[-1])

    def test_failures_and_errors_are_failed(self):
        self.suite(17, 5, failures=1, errors=1)
        run = self.report()
        self.assertEqual(1, run.returncode)
        self.assertIn("JDK 17: 3 passed, 2 failed, 0 skipped\n", run.stdout)

    def test_what_a_failed_test_said_is_shown_without_its_middle(self):
        self.write(
            "tests/target/surefire-reports/jdk-21/TEST-A.xml",
            '<testsuite><testcase classname="a.Test" name="breaks"><failure message="short">'
            f"begins{'.' * 10_000}middle{'.' * 10_000}ends</failure></testcase></testsuite>",
        )
        shown = self.report().stdout
        self.assertRegex(shown, r"FAILED on JDK 21: a\.Test\.breaks: begins")
        self.assertRegex(shown, r"\.ends\n")
        self.assertNotIn("middle", shown)

    def test_a_skipped_test_is_an_error_in_ci_alone(self):
        self.suite(11, 5, skipped=1)
        self.assertEqual(0, self.report().returncode)
        self.assertEqual(1, self.report(ci=True).returncode)

    def test_an_ignored_rust_test_is_an_error_in_ci(self):
        self.write("logs/rust.log", "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n")
        self.assertEqual(1, self.report(ci=True).returncode)

    def test_a_complaint_of_check_jni_is_an_error(self):
        for complaint in (
            "WARNING in native method: JNI call made without checking exceptions",
            "FATAL ERROR in native method: Wrong object class",
            "WARNING: JNI local refs: 33, exceeds capacity: 32",
        ):
            self.suite(11, 5)
            self.write("logs/jdk25.log", f"[INFO] Running A\n{complaint}\n")
            run = self.report()
            self.assertEqual(1, run.returncode)
            self.assertIn(complaint, run.stdout)

    def test_a_restricted_method_notice_is_none(self):
        self.suite(25, 5)
        self.write("logs/jdk25.log", "WARNING: A restricted method in java.lang.System has been called\n")
        self.assertEqual(0, self.report().returncode)

    def test_a_failed_step_is_an_error_whatever_the_counts_say(self):
        self.suite(25, 5)
        run = self.report("jdk25")
        self.assertEqual(1, run.returncode)
        self.assertIn("step failed: jdk25", run.stdout)

    def test_no_test_at_all_is_an_error(self):
        self.assertEqual(1, self.report().returncode)


if __name__ == "__main__":
    unittest.main()
