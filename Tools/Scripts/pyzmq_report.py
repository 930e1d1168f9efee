"""Judges what Tools/pyzmq has run, and prints it as a table.

    pyzmq_report.py FOLDER EXPECTED KIND...        ends with status 1 if anything is not as expected
    pyzmq_report.py --unexpected TESTS EXPECTED    prints which tests failed that are not on the list
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = {"failed", "failed|passed", "left-out"}
# What the distribution's library gets wrong is not ours to mend.
REFERENCE = "distribution"


@dataclass
class Suite:
    """A run of the test suite."""

    results: dict[str, str] = field(default_factory=dict)
    reasons: Counter = field(default_factory=Counter)
    seconds: float = 0

    @staticmethod
    def read(folder: Path, *parts: str) -> "Suite":
        """Reads reports, of parts that ran side by side."""
        suite = Suite()
        for part in parts:
            report = ElementTree.parse(folder / f"{part}.xml").getroot()
            for element in report.iter("testsuite"):
                suite.seconds = max(suite.seconds, float(element.get("time", 0)))
            for case in report.iter("testcase"):
                suite.add(case)
        return suite

    def add(self, case: ElementTree.Element) -> None:
        name = test_name(case)
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            self.results[name] = "failed"
        elif skipped is not None:
            self.results[name] = "skipped"
            self.reasons[skipped.get("message", "")] += 1
        # A test has a second entry when its end failed.
        else:
            self.results.setdefault(name, "passed")

    def named(self, result: str) -> set[str]:
        return {name for name, found in self.results.items() if found == result}


def test_name(case: ElementTree.Element) -> str:
    """A test's name as pytest takes it: tests/test_socket.py::TestSocket::test_tracker."""
    parts = case.get("classname", "").split(".")
    module = next((index for index, part in enumerate(parts) if part.startswith("test_")), -1)
    path = "/".join(parts[: module + 1]) + ".py"
    return "::".join([path, *parts[module + 1 :], case.get("name", "")])


def parts_of(folder: Path) -> list[str]:
    """The parts that the test suite was run in, of which there must be a report of each."""
    found = {log.stem for log in folder.glob("*.log")}
    return sorted((found | {"messages", "others"}) - {"again"})


def end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n    ".join(["did not come to its end", *lines[-25:]])


def read_expected(path: Path) -> dict[str, str]:
    expected = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        what, _, why = line.partition(" # ")
        name, _, result = what.rpartition(" ")
        if result not in RESULTS or not why.strip() or name in expected:
            sys.exit(f"{path}:{number}: not 'TEST RESULT # WHY', or said twice")
        expected[name] = result
    return expected


class Judge:
    def __init__(self, folder: Path, expected: dict[str, str], kinds: list[str]):
        self.folder = folder
        self.expected = expected
        self.kinds = kinds
        self.problems: list[str] = []
        self.remarks: list[str] = []
        # Reasons of pyzmq's own, and the kinds that have them.
        self.skipped: dict[str, list[str]] = {}
        # What does not work on the distribution's library either.
        self.excused: set[str] = set()

    def run(self) -> int:
        # The reference first, by which the others are judged.
        order = sorted(self.kinds, key=lambda kind: kind != REFERENCE)
        suites = {kind: self.suite(kind) for kind in order}
        examples = {kind: self.examples(kind) for kind in order}
        self.print_examples(examples)
        print()
        for kind in self.kinds:
            print(f"{'test suite':<18} {kind:<12} {suites[kind]}")
        for what, kinds in self.skipped.items():
            self.remarks.append(f"{', '.join(kinds)}: {what}")
        for title, lines in (("for information", self.remarks), ("not as it should be", self.problems)):
            if lines:
                print(f"\n{title}:")
                for line in lines:
                    print(f"  {line}")
        return 1 if self.problems else 0

    def complain(self, kind: str, what: str, problem: str) -> None:
        line = f"{kind}: {what}: {problem}"
        if kind == REFERENCE:
            self.excused.add(what)
            self.remarks.append(line)
        elif what in self.excused:
            self.remarks.append(f"{line} (so it does on the distribution's library)")
        else:
            self.problems.append(line)

    # The test suite

    def suite(self, kind: str) -> str:
        folder = self.folder / kind / "tests"
        try:
            suite = Suite.read(folder, *parts_of(folder))
        except (OSError, ElementTree.ParseError):
            for part in parts_of(folder):
                if not (folder / f"{part}.xml").exists():
                    self.complain(kind, f"test suite, {part}", end_of(folder / f"{part}.log"))
            return "no result"
        expected = {} if kind == REFERENCE else self.expected
        # What took part in the second try and is no failure there.
        try:
            second = Suite.read(folder, "again").named("passed")
        except (OSError, ElementTree.ParseError):
            second = set()
        problems = len(self.problems)
        failed, listed = suite.named("failed"), 0
        for name in sorted(failed):
            if expected.get(name, "").startswith("failed"):
                listed += 1
            elif name in second:
                self.remarks.append(f"{kind}: {name}: passed at the second try only")
            else:
                self.complain(kind, name, f"failed; see {folder}/*.log")
        for name, result in expected.items():
            if result == "failed" and suite.results.get(name) == "passed":
                self.complain(kind, name, "passes; take it off the list")
            elif result != "left-out" and name not in suite.results:
                self.complain(kind, name, "is on the list, but there is no such test")
        for reason, count in sorted(suite.reasons.items()):
            self.skipped.setdefault(f"{count} skipped by pyzmq itself: {reason}", []).append(kind)
        counts = [f"{len(suite.named('passed'))} passed", f"{len(suite.named('skipped'))} skipped"]
        if listed:
            counts.insert(1, f"{listed} failed as listed")
        if len(failed) > listed:
            counts.insert(1, f"{len(failed) - listed} failed at first")
        word = "ok" if len(self.problems) == problems else "FAILED"
        return f"{word:<7} {suite.seconds:6.1f} s  {', '.join(counts)}"

    # The examples

    def examples(self, kind: str) -> dict[tuple[str, str], str]:
        folder = self.folder / kind / "examples"
        try:
            lines = (folder / "results").read_text().splitlines()
        except OSError:
            self.complain(kind, "examples", f"did not come to their end; see {folder / 'log'}")
            return {}
        cells = {}
        for line in lines:
            example_kind, name, result, seconds, note = line.split("\t")
            cells[example_kind, name] = f"{result:<7} {float(seconds):5.1f} s"
            if result != "ok":
                self.complain(kind, name, f"{note}; see {folder}")
            elif note:
                self.remarks.append(f"{kind}: {name}: {note}")
        return cells

    def print_examples(self, examples: dict[str, dict[tuple[str, str], str]]) -> None:
        names = list(dict.fromkeys(name for kind in self.kinds for name in examples[kind]))
        width = max((len(name) for _, name in names), default=0)
        print(f"{'example':<18} {'':<{width}} " + " ".join(f"{kind:<16}" for kind in self.kinds))
        for name in names:
            cells = " ".join(f"{examples[kind].get(name, 'no result'):<16}" for kind in self.kinds)
            print(f"{name[0]:<18} {name[1]:<{width}} {cells}".rstrip())


def main() -> int:
    if sys.argv[1] == "--unexpected":
        expected = read_expected(Path(sys.argv[3]))
        for name in sorted(Suite.read(Path(sys.argv[2]), *parts_of(Path(sys.argv[2]))).named("failed")):
            if name not in expected:
                print(name)
        return 0
    return Judge(Path(sys.argv[1]), read_expected(Path(sys.argv[2])), sys.argv[3:]).run()


if __name__ == "__main__":
    sys.exit(main())
