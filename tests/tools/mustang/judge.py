"""Asks the Mustang validator, an outsider, what it makes of our invoices: veraPDF on the PDF, EN 16931 on the XML.

The jars (78, from Maven Central) are fetched once into tests/tools/lib/mustang, which git ignores.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
JARS = HERE.parent / "lib" / "mustang"
FETCHED = JARS / ".complete"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Mustang's overall word ignores a PDF that is not PDF/A-3, so both parts are kept apart."""

    pdf: str
    xml: str
    errors: tuple[str, ...]
    report: str


def judge(files: Sequence[Path]) -> list[Verdict]:
    """One verdict per file, in order. One JVM for all: it takes seconds to start."""
    fetch_jars()
    command = ["java", "-cp", f"{JARS}{os.sep}*", str(HERE / "Validate.java"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"The validator did not run: {done.stderr}")
    reports = done.stdout.split("=== ")[1:]
    assert len(reports) == len(files)
    return [_verdict(report.partition("\n")[2].strip()) for report in reports]


def fetch_jars() -> None:
    if FETCHED.exists():
        return
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={JARS}"]
    command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goal]
    subprocess.run(command, check=True, timeout=600)
    FETCHED.touch()


def _verdict(report: str) -> Verdict:
    root = ElementTree.fromstring(report.encode())

    def summary(part: str) -> str:
        found = root.find(f"{part}/summary")
        return "absent" if found is None else found.get("status", "absent")

    errors = [e.text or "" for name in ("error", "exception", "fatal") for e in root.iter(name)]
    return Verdict(summary("pdf"), summary("xml"), tuple(errors), report)
