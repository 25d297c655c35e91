# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""The mutation runner on a toy project: it must tell killed, surviving and useless mutants apart."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

MUTATE = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "mutate"
TEST = """
case $(cat value) in
  good*) echo '1 passed, 0 failed' ;;
  bad) echo '0 passed, 1 failed'; exit 1 ;;
  *) echo 'does not compile'; exit 1 ;;
esac
"""


class MutateTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "scripts").mkdir()
        (self.root / "tests" / "mutations").mkdir(parents=True)
        shutil.copy(MUTATE, self.root / "scripts" / "mutate")
        (self.root / "value").write_text("good\n")
        (self.root / "check").write_text(TEST)
        (self.root / ".gitignore").write_text("target/\n.cache\n")
        subprocess.run(["git", "init", "--quiet"], cwd=self.root, check=True)

    def patch(self, name, invariant, before, after, test="bash check"):
        (self.root / "tests" / "mutations" / f"{name}.patch").write_text(
            f"Invariant: {invariant}\nTest: {test}\n\n"
            f"--- a/value\n+++ b/value\n@@ -1 +1 @@\n-{before}\n+{after}\n"
        )

    def mutate(self, **environment):
        return subprocess.run(
            [self.root / "scripts" / "mutate"], capture_output=True, text=True,
            env={**os.environ, "ONLY": "", **environment},
        )

    def test_passes_if_every_invariant_has_a_mutant_and_all_are_killed(self):
        for invariant in range(1, 21):
            self.patch(f"m{invariant}", invariant, "good", "bad")
        run = self.mutate()
        self.assertEqual(0, run.returncode, run.stdout + run.stderr)
        self.assertEqual(20, run.stdout.count("killed"))
        self.assertEqual("good\n", (self.root / "value").read_text())

    def test_fails_if_a_mutant_survives(self):
        self.patch("harmless", 1, "good", "good too")
        run = self.mutate(ONLY="harmless")
        self.assertEqual(1, run.returncode)
        self.assertIn("SURVIVED", run.stdout)

    def test_fails_if_a_patch_no_longer_applies(self):
        self.patch("stale", 1, "better", "bad")
        run = self.mutate(ONLY="stale")
        self.assertEqual(1, run.returncode)
        self.assertIn("does not apply", run.stdout)

    def test_fails_if_the_mutant_does_not_compile(self):
        self.patch("broken", 1, "good", "nonsense")
        run = self.mutate(ONLY="broken")
        self.assertEqual(1, run.returncode)
        self.assertIn("no test failed", run.stdout)

    def test_fails_if_the_test_fails_without_the_patch(self):
        self.patch("red", 1, "good", "bad", test="echo 1 failed; false")
        run = self.mutate(ONLY="red")
        self.assertEqual(1, run.returncode)
        self.assertIn("failed without the patch", run.stdout)

    def test_fails_if_an_invariant_has_no_mutant(self):
        self.patch("alone", 1, "good", "bad")
        run = self.mutate()
        self.assertEqual(1, run.returncode)
        self.assertIn("no patch breaks invariant 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18", run.stdout)

    def test_sees_a_change_of_the_sources(self):
        self.patch("m", 1, "good", "bad")
        self.mutate(ONLY="m")
        (self.root / "value").write_text("nonsense\n")
        self.assertIn("broken without the patch", self.mutate(ONLY="m").stdout)


class PatchesTest(unittest.TestCase):
    def test_each_applies_to_the_sources_of_today(self):
        root = MUTATE.parents[1]
        for patch in sorted((root / "tests" / "mutations").glob("*.patch")):
            run = subprocess.run(["git", "apply", "--check", patch], cwd=root, capture_output=True, text=True)
            self.assertEqual(0, run.returncode, f"{patch.name}: {run.stderr}")


if __name__ == "__main__":
    unittest.main()
