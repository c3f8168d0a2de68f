"""`make run` as a stranger meets it: it opens, sells, ends without a trace, goes on where it was, and says what is wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.local_server import free_ports
from tests.fixtures.servers import open_directory

PROJECT = Path(__file__).parents[2]
PATIENCE = 120.0
PLACE = re.compile(r"Stagedoor is open at (http://127\.0\.0\.1:\d+)")


class Run:
    """One start of everything, and what it prints."""

    def __init__(self, home: Path, port: int, stack: str = "local", **environ: str) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", "run", "--port", str(port), "--stack", stack],
            env={**own, "STAGEDOOR_HOME": str(home), **environ},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.home = home
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def url(self) -> str:
        found = PLACE.search(self.text)
        assert found, self.text
        return found[1]

    def wait_until_open(self) -> Run:
        wait_until(lambda: self.process.poll() is not None or "Ctrl-C ends it" in self.text, lambda: self.text)
        assert self.process.poll() is None, self.text
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; returns the exit code. Nothing of it is left then."""
        family = [self.process.pid, *descendants(self.process.pid)]
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(10)
        assert [pid for pid in family if alive(pid)] == [], self.text
        return code

    def kill(self) -> None:
        for pid in [*descendants(self.process.pid), self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Starts `stagedoor run` on a home of its own; whatever still runs at the end is ended."""
    started: list[Run] = []

    def start(port: int = 0, home: Path = tmp_path / "home", stack: str = "local", **environ: str) -> Run:
        started.append(Run(home, port or free_ports(1)[0], stack, **environ))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.kill()


def test_a_stranger_buys_a_ticket_and_finds_it_again_after_the_next_start(run: Callable[..., Run]) -> None:
    (port,) = free_ports(1)
    first = run(port).wait_until_open()
    assert first.url == f"http://127.0.0.1:{port}"
    assert re.search(rf"Staff: +{first.url}/staff/join/\S+", first.text)
    assert re.search(rf"Mailbox: +{first.url}/mail/outbox", first.text)
    assert re.search(rf"Event feed: +{first.url}/feed", first.text)
    browser = requests.Session()
    browser.trust_env = False
    shop = browser.get(first.url, timeout=30)
    assert shop.status_code == 200
    assert "DEMO" in shop.text.upper()
    [conference] = browser.get(f"{first.url}/api/v1/conferences", timeout=30).json()["items"]
    ladder = browser.get(f"{first.url}/api/v1/conferences/{conference['slug']}", timeout=30).json()["admission_types"]
    early = next(tier for tier in ladder[0]["tiers"] if tier["state"] == "open")
    assert 1 <= early["left"] <= 3, "the last early birds"

    order = buy(browser, first.url, conference["slug"], early["left"])
    before = ladder[0]["price"]["amount"]
    after = browser.get(f"{first.url}/api/v1/conferences/{conference['slug']}", timeout=30).json()["admission_types"]
    assert after[0]["price"]["amount"] > before, "the tier closed and the price rose"
    wait_until(lambda: "stranger@example.org" in mailbox(first), lambda: "the confirmation arrives in the mailbox")
    assert browser.get(f"{first.url}/feed", timeout=30).status_code == 401, "the feed is for staff and for tokens"
    assert first.end() == 0

    second = run(port).wait_until_open()
    assert "demo conference" not in second.text, "only a first start makes one"
    again = requests.get(f"{second.url}/api/v1/orders/{order['reference']}?secret={order['secret']}", timeout=30).json()
    assert (again["status"], len(again["attendees"])) == ("paid", early["left"])
    assert second.end(signal.SIGINT) == 0


def test_kafka_and_postgresql_come_and_go_with_it(run: Callable[..., Run]) -> None:
    with open_directory("run") as home:
        cluster = run(home=home, stack="cluster").wait_until_open()
        family = [command_of(pid) for pid in descendants(cluster.process.pid)]
        assert any("kafka.Kafka" in line or "org.apache.kafka" in line for line in family)
        assert any("postgres" in line for line in family)
        assert "ECONNREFUSED" not in cluster.text, "nobody is alarmed by servers that have not started yet"
        [conference] = requests.get(f"{cluster.url}/api/v1/conferences", timeout=30).json()["items"]
        with requests.Session() as browser:
            browser.trust_env = False
            buy(browser, cluster.url, conference["slug"], 1)
        wait_until(lambda: "stranger@example.org" in mailbox(cluster), lambda: "the confirmation arrives")
        assert cluster.end() == 0


def test_a_port_in_use_and_a_home_in_use_are_said_plainly(run: Callable[..., Run]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run(port)
        assert refused.process.wait(PATIENCE) == 1
        assert f"Port {port} is in use" in _whole(refused)
        assert "PORT=8080" in refused.text
        assert "Traceback" not in refused.text


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("STAGEDOOR_LOG_LEVEL", "loud", "STAGEDOOR_LOG_LEVEL is 'loud': allowed are debug, info, warning, error."),
        ("STAGEDOOR_SMTP_URL", "mail.example.org", "STAGEDOOR_SMTP_URL must be smtp://"),
        ("STAGEDOOR_PROT", "8000", "STAGEDOOR_PROT is no setting."),
        ("STAGEDOOR_STRIPE_KEY", "sk_live_x", "STAGEDOOR_STRIPE_LIVE=yes"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(run: Callable[..., Run], name: str, value: str, sentence: str) -> None:
    refused = run(**{name: value})
    assert refused.process.wait(PATIENCE) == 1
    assert sentence in _whole(refused)
    assert "Traceback" not in refused.text


def test_two_starts_on_one_home_do_not_meet_and_a_kill_leaves_nothing_that_stops_the_next(
    run: Callable[..., Run],
) -> None:
    first = run().wait_until_open()
    second = run()
    assert second.process.wait(PATIENCE) == 1
    assert "runs already" in _whole(second)
    family = descendants(first.process.pid)
    first.process.kill()
    first.process.wait()
    wait_until(lambda: not [pid for pid in family if alive(pid)], lambda: "the others notice that it is gone")
    third = run().wait_until_open()
    assert third.end() == 0


def buy(browser: requests.Session, url: str, slug: str, count: int) -> dict[str, Any]:
    """Order, pay on the page that is marked TEST, and come back to the tickets."""
    guests = [
        {"name": f"A Stranger {n}", "email": "stranger@example.org", "admission_type": "regular"} for n in range(count)
    ]
    wish = {
        "email": "stranger@example.org",
        "attendees": guests,
        "consents": {"terms": True, "privacy": True, "code_of_conduct": True},
    }
    placed = browser.post(f"{url}/api/v1/conferences/{slug}/orders", json=wish, timeout=30)
    assert placed.status_code == 201, placed.text
    page = browser.get(placed.json()["payment_url"], timeout=30)
    assert "TEST" in page.text
    card = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123", "name": "A Stranger"}
    tickets = browser.post(page.url, data=card, timeout=30)
    assert tickets.status_code == 200
    assert tickets.url.startswith(f"{url}/orders/")
    assert "A Stranger" in tickets.text
    facts: dict[str, Any] = placed.json()
    return facts


def mailbox(run: Run) -> str:
    """What staff see in the mailbox, for the first of whom the link was printed."""
    browser = requests.Session()
    browser.trust_env = False
    if not hasattr(run, "staff"):
        [link] = re.findall(r"http\S+/staff/join/\S+", run.text)
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(link, timeout=30).text)
        assert token
        person = {"name": "S", "email": "s@example.org", "password": "a long password", "again": "a long password"}
        joined = browser.post(link, data={"csrf_token": token[1], **person}, timeout=30)
        assert joined.status_code == 200
        run.staff = browser  # type: ignore[attr-defined]
    return str(run.staff.get(f"{run.url}/mail/outbox", timeout=30).text)  # type: ignore[attr-defined]


def wait_until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what()
        time.sleep(0.1)


def alive(pid: int) -> bool:
    """Whether it runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def command_of(pid: int) -> str:
    """Its command line; empty where it has just ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    """All processes below this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(path.parent.name)
            found += [child, *descendants(child)]
    return found


def _whole(run: Run) -> str:
    run._reader.join(10)
    return run.text
