"""The rules of docs/architecture.md that a machine can hold."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.services import NAMES, module
from shared.events import TOPICS, Event

ROOT = Path(__file__).parent.parent
CODE = [path for room in ("services", "shared", "infra") for path in sorted((ROOT / room).rglob("*.py"))]
DOMAIN = [path for path in CODE if "domain" in path.parts]
DOMAIN_MAY = ("shared.events", "shared.money", "shared.errors")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOMAIN, ids=named)
def test_the_domain_imports_the_standard_library_and_facts_only(path: Path) -> None:
    service = ".".join(path.relative_to(ROOT).parts[:2])
    for name in imported(path):
        is_standard = name.split(".")[0] in sys.stdlib_module_names
        assert is_standard or name.startswith((*DOMAIN_MAY, f"{service}.domain")), f"{named(path)} imports {name}"


def test_nobody_but_the_clock_asks_the_machine_for_the_time_of_day() -> None:
    asking = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(")
    found = [named(path) for path in CODE if path.name != "clock.py" and asking.search(path.read_text())]
    assert found == []


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        (
            "stripe",
            {
                "services/ticket/payments.py",
                "services/ticket/stripe_http.py",
                "infra/fake_stripe/in_process.py",
                "infra/fake_stripe/webhooks.py",
            },
        ),
        ("smtplib", {"services/notification/mailer.py"}),
        (
            "kafka",
            {
                "shared/log/kafka.py",
                "shared/log/kafka_client.py",
                "shared/log/kafka_consumer.py",
                "shared/log/kafka_producer.py",
                "infra/kafka/local.py",
            },
        ),
    ],
)
def test_a_foreign_library_has_one_room(library: str, homes: set[str]) -> None:
    users = {named(path) for path in CODE if any(name.split(".")[0] == library for name in imported(path))}
    assert users <= homes


@pytest.mark.parametrize("name", NAMES)
def test_a_service_says_what_it_consumes_and_publishes(name: str) -> None:
    said = _said(name)
    service = module(name).SERVICE
    handled = {cls.__name__ for cls in service.projections.keys() | service.reactions.keys()}
    assert said["Consumes"] == handled
    assert said["Publishes"] == _published(name)


def _said(name: str) -> dict[str, set[str]]:
    """Event names in the paragraphs of the docstring that begin with Consumes and Publishes."""
    text = importlib.import_module(f"services.{name}").__doc__ or ""
    events = {cls.__name__ for topic in TOPICS.values() for cls in topic.events.values()}
    said: dict[str, set[str]] = {"Owns": set(), "Consumes": set(), "Publishes": set()}
    current = ""
    for line in text.splitlines():
        heading = re.match(r"(Owns|Consumes|Publishes)\b", line)
        current = heading.group(1) if heading else current if line.strip() else ""
        if current:
            said[current] |= set(re.findall(r"\b[A-Z][A-Za-z]+\b", line)) & events
    return said


def _published(name: str) -> set[str]:
    """The event classes of its own topics that its code names other than to import them."""
    own = {cls.__name__ for topic in TOPICS.values() if topic.owner == name for cls in topic.events.values()}
    made: set[str] = set()
    for path in (ROOT / "services" / name).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name):
                made |= {node.id} & own
    return made


def test_every_event_of_a_consumer_is_on_a_topic() -> None:
    on_topics: set[type[Event]] = {cls for topic in TOPICS.values() for cls in topic.events.values()}
    for name in NAMES:
        service = module(name).SERVICE
        assert service.projections.keys() | service.reactions.keys() <= on_topics


def test_no_module_grows_past_what_one_can_read() -> None:
    """The events of a producer are one list, whatever its length: everything else is split before 350 lines."""
    long = {
        named(path): lines
        for path in CODE
        if "events" not in path.parts and (lines := len(path.read_text().splitlines())) > 350
    }
    assert long == {}


def test_what_is_imported_opens_nothing() -> None:
    """Importing every service connects to nothing and starts no thread."""
    script = (
        "import threading, socket, sqlite3\n"
        "def refuse(*a, **k): raise SystemExit('a connection at import time')\n"
        "socket.socket.connect = refuse; sqlite3.connect = refuse\n"
        "import services.ticket.app, services.sponsor_invoice.app, services.notification.app\n"
        "import services.catering.app, services.console.app\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_web_loads_nothing_that_only_the_worker_needs() -> None:
    script = (
        "import sys, infra.front_door, infra.services as s\n"
        "[s.module(name) for name in s.NAMES]\n"
        "print(sorted({'numpy', 'typst', 'lxml', 'mrml', 'kafka', 'icalendar'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_the_project_names_no_path_of_a_machine_and_no_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    forbidden = re.compile(
        r"/(?:work|root)/[a-z]|/opt/wheels|pypi\.org|files\.pythonhosted|registry\.npmjs|repo1\.maven|repo\.maven\.apache"
    )
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in {".png", ".woff2"} or not path.is_file() or path == Path(__file__):
            continue
        if forbidden.search(path.read_text(errors="replace")):
            found.append(name)
    assert found == []
