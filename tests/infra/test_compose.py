"""docker-compose.yml, the image and the proxy, held against what runs: the commands in them are the ones started here."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import sqlalchemy as sa
import yaml

from infra.fake_stripe.app import create_app as create_stripe
from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.serve import Server
from infra.front_door import PREFIXES
from infra.kafka.local import KafkaServer
from infra.local_server import free_ports
from infra.postgres.local import SETTINGS, PostgresServer
from infra.rehearsal.scenery import conference_plan
from infra.services import NAMES, module
from services.notification.tables import messages
from services.ticket.handlers import open_conference
from shared.clock import SystemClock
from shared.runtime import Runtime
from tests.fixtures.servers import fresh_databases, fresh_prefix, open_directory
from tests.infra.compose import PROJECT, Names, read

PATIENCE = 120.0
NEEDED = {"STAGEDOOR_SECRET": "s" * 40, "POSTGRES_PASSWORD": "p", "STAGEDOOR_STRIPE_WEBHOOK_SECRET": "whsec_compose"}
ROLES = {f"{name.replace('_', '-')}-{kind}": (kind, name) for name in NAMES for kind in ("web", "worker")}
CONF = (PROJECT / "infra" / "proxy" / "nginx.conf").read_text()


# The files


def test_every_role_of_every_service_is_there_once() -> None:
    services = read(NEEDED)["services"]
    ours = {name: service for name, service in services.items() if name != "postgres"}
    commands = {name: service["command"] for name, service in ours.items() if "command" in service}
    assert commands == {
        "migrate": ["migrate"],
        **{
            role: [kind, name, "--listen", f"0.0.0.0:{8000 if kind == 'web' else 8001}"]
            for role, (kind, name) in ROLES.items()
        },
    }


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_it_says_which_secret_is_missing(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        read({name: value for name, value in NEEDED.items() if name != missing})


def test_no_secret_is_in_the_files() -> None:
    raw = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    for service in [*raw["services"].values(), {"environment": raw["x-settings"]}]:
        for name, value in (service.get("environment") or {}).items():
            if (
                re.search("SECRET|PASSWORD|KEY|URL", name)
                and "@" in str(value)
                or re.search("SECRET|PASSWORD|KEY$", name)
            ):
                assert "${" in value, name
    assert not re.search("(sk|rk)_(live|test)_|whsec_", (PROJECT / "docker-compose.yml").read_text())
    assert "SECRET" not in (PROJECT / "infra" / "Dockerfile").read_text()


def test_what_is_ours_runs_with_few_rights_little_memory_and_no_way_to_write_its_code() -> None:
    services = read(NEEDED)["services"]
    for name, service in services.items():
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        assert "latest" not in service["image"], name
        if name in ("kafka", "postgres"):
            continue
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert name == "migrate" or "healthcheck" in service, name
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8080:8080"], "only the front door can be reached"


def test_postgres_looks_after_its_tables_as_often_as_on_one_machine() -> None:
    command = read(NEEDED)["services"]["postgres"]["command"]
    assert command == ["postgres", "-c", f"autovacuum_naptime={SETTINGS['autovacuum_naptime']}"]


def test_the_image_runs_our_command_line_as_nobody_in_particular() -> None:
    lines = (PROJECT / "infra" / "Dockerfile").read_text().splitlines()
    user = [line.split()[1] for line in lines if line.startswith("USER")][-1]
    assert user not in ("0", "root")
    assert 'ENTRYPOINT ["python", "-m", "infra.cli"]' in lines
    copied = [line.split() for line in lines if line.startswith("COPY") and "--from" not in line]
    assert all((PROJECT / source).exists() for _, source, _ in copied)
    packages = {source for _, source, _ in copied}
    assert {"shared", "services", "infra"} <= packages, "and no tests"
    assert "tests" not in packages
    assert "--require-hashes" in "".join(lines)


# The proxy's routes


def route(path: str) -> str:
    """Where nginx sends a path: a service's name, or the status it answers with."""
    exact = dict(re.findall(r"location = (\S+) \{ return (\d+);", CONF))
    patterns = re.findall(r"location ~ (\S+) \{ proxy_pass http://(\w+);", CONF)
    prefixes = dict(re.findall(r"location (/\S*) \{ (?:return |proxy_pass http://)(\w+);", CONF))
    if path in exact:
        return str(exact[path])
    for pattern, target in patterns:
        if re.search(pattern, path):
            return str(target)
    return str(prefixes[max((prefix for prefix in prefixes if path.startswith(prefix)), key=len)])


def test_the_proxy_routes_as_the_front_door_of_one_machine() -> None:
    for first, service in PREFIXES.items():
        assert {route(f"/{first}"), route(f"/{first}/"), route(f"/{first}/a/b")} == {service}
        assert route(f"/{first}ing") == "ticket"
        assert route(f"/x/{first}") == "ticket"
    for path in ("/", "/flow", "/orders/ABC", "/stripe/webhook", "/api/v1/conferences", "/readyz", "/static/look.css"):
        assert route(path) == "ticket"
    for path in ("/internal", "/internal/", "/internal/ticket/people", "/metrics"):
        assert route(path) == "404"
    upstreams = dict(re.findall(r"upstream (\w+) \{ server (\S+); \}", CONF))
    assert upstreams == {name: f"{name.replace('_', '-')}-web:8000" for name in NAMES}


# All of it, running


class Neighbourhood:
    """The roles of the file as processes, each with the file's command and environment; only hosts and ports are others."""

    def __init__(self, directory: Path, kafka: str, prefix: str, database_url: str) -> None:
        self.directory = directory
        ports = free_ports(len(ROLES) + 1)
        self.ports = dict(zip([*ROLES, "door"], ports, strict=True))
        self.base_url = f"http://127.0.0.1:{self.ports['door']}"
        self.stripe = Server(
            create_stripe(
                FakeStripeConfig(
                    webhook_url=f"{self.base_url}/stripe/webhook",
                    webhook_secret=NEEDED["STAGEDOOR_STRIPE_WEBHOOK_SECRET"],
                    retry_after=(0.5,) * 100,
                )
            )
        )
        self.stripe.start()
        self.names = Names({f"{role}:8001": self.ports[role] for role, (kind, _) in ROLES.items() if kind == "worker"})
        self.file = read(
            {
                **NEEDED,
                "STAGEDOOR_BASE_URL": self.base_url,
                "STAGEDOOR_STRIPE_KEY": "sk_test_compose",
                "STAGEDOOR_STRIPE_API": self.stripe.url,
            }
        )["services"]
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self._moved = {
            "STAGEDOOR_LOG_URL": f"kafka://{kafka}",
            "STAGEDOOR_TOPIC_PREFIX": prefix,
            "STAGEDOOR_DATABASE_URL": database_url,
            "STAGEDOOR_HOME": str(directory / "data"),
        }

    def environment(self, role: str) -> dict[str, str]:
        """The file's, and the image's."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")}
        metrics = self.directory / role
        metrics.mkdir(exist_ok=True)
        return {
            **own,
            **{name: value for name, value in self.file[role]["environment"].items() if value},
            **self._moved,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONUNBUFFERED": "1",
            "http_proxy": self.names.url,
            "no_proxy": "127.0.0.1",
        }

    def command(self, role: str) -> list[str]:
        port = str(self.ports.get(role, ""))
        listening = [re.sub(r"^0\.0\.0\.0:\d+$", f"127.0.0.1:{port}", word) for word in self.file[role]["command"]]
        return [sys.executable, "-m", "infra.cli", *listening]

    def start(self, role: str) -> None:
        with (self.directory / f"{role}.log").open("ab") as log:
            self.children[role] = subprocess.Popen(
                self.command(role),
                env=self.environment(role),
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_healthy(self, role: str) -> bool:
        """Run the file's health check, against the port that this role has here."""
        test = self.file[role]["healthcheck"]["test"]
        assert test[:4] == ["CMD", "python", "-m", "infra.probe"]
        url = re.sub(r":\d+/", f":{self.ports[role]}/", test[4])
        return (
            subprocess.run([sys.executable, "-m", "infra.probe", url], cwd=PROJECT, capture_output=True).returncode == 0
        )

    def memory(self, role: str) -> int:
        """Megabytes that a role and its children have in memory, what they share counted once."""
        pids = [self.children[role].pid, *children_of(self.children[role].pid)]
        return sum(_pss(pid) for pid in pids) // 1024

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            ended = [role for role, child in self.children.items() if child.poll() not in (None, 0)]
            logs = {role: (self.directory / f"{role}.log").read_text()[-1500:] for role in ended}
            assert not ended, logs
            assert time.monotonic() < until, f"waited in vain until {what}"
            time.sleep(0.2)

    def close(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.names.close()
        self.stripe.stop()


def children_of(pid: int) -> list[int]:
    """All processes below this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(path.parent.name)
            found += [child, *children_of(child)]
    return found


def _pss(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


@pytest.fixture
def neighbourhood(kafka_server: KafkaServer, postgres_server: PostgresServer) -> Iterator[Neighbourhood]:
    with (
        open_directory("compose") as directory,
        fresh_prefix(kafka_server) as prefix,
        fresh_databases(postgres_server) as database_url,
    ):
        built = Neighbourhood(directory, kafka_server.bootstrap, prefix, database_url)
        try:
            yield built
        finally:
            built.close()


def nginx() -> str:
    """The program; the distribution keeps it where not everybody's PATH leads."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "nginx is missing. On Debian: apt-get install nginx"
    return found


def start_door(place: Neighbourhood) -> None:
    """The real proxy with the real file; hosts, ports and folders are the test's."""
    conf = CONF
    for name in NAMES:
        role = f"{name.replace('_', '-')}-web"
        conf = conf.replace(f"server {role}:8000;", f"server 127.0.0.1:{place.ports[role]};")
    conf = conf.replace("listen 8080;", f"listen 127.0.0.1:{place.ports['door']};").replace(
        "/tmp/", f"{place.directory}/"
    )
    conf = conf.replace("worker_processes auto;", "worker_processes 1;")
    path = place.directory / "nginx.conf"
    path.write_text(conf)
    error_log = str(place.directory / "nginx-error.log")
    checked = subprocess.run([nginx(), "-t", "-e", error_log, "-c", str(path)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with (place.directory / "door.log").open("ab") as log:
        place.children["door"] = subprocess.Popen(
            [nginx(), "-e", error_log, "-c", str(path), "-g", "daemon off;"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def test_the_roles_start_with_the_files_commands_and_sell_a_ticket_through_the_proxy(
    neighbourhood: Neighbourhood,
) -> None:
    place = neighbourhood
    migrated = subprocess.run(
        place.command("migrate"), env=place.environment("migrate"), cwd=PROJECT, capture_output=True, text=True
    )
    assert migrated.returncode == 0, migrated.stderr
    for role in ROLES:
        place.start(role)
    for role in ROLES:
        place.wait_until(lambda role=role: place.is_healthy(role), f"{role} is healthy")  # type: ignore[misc]
    start_door(place)
    place.wait_until(lambda: _status(f"{place.base_url}/livez") == 200, "the door answers")

    runtime = Runtime.from_environment(place.environment("ticket-web"))
    ticket, notification = (runtime.database(module(name).SERVICE) for name in ("ticket", "notification"))
    doors_on = (SystemClock().now() + timedelta(days=60)).date()
    with ticket.transaction() as tx:
        open_conference(tx, conference_plan(slug="c", name="C", doors_on=doors_on, capacity=50, early_bird_cap=10))
    buyer = requests.Session()
    buyer.trust_env = False
    order = {
        "email": "a@example.org",
        "attendees": [{"name": "A", "email": "a@example.org", "admission_type": "regular"}],
        "consents": {"terms": True, "privacy": True, "code_of_conduct": True},
    }
    placed = buyer.post(f"{place.base_url}/api/v1/conferences/c/orders", json=order, timeout=20)
    assert placed.status_code == 201, placed.text
    facts = placed.json()
    assert facts["payment_url"].startswith(place.base_url)
    led = buyer.get(facts["payment_url"], allow_redirects=False, timeout=20)
    assert led.headers["Location"].startswith(place.stripe.url)
    session_id = urlsplit(led.headers["Location"]).path.rpartition("/")[2]
    paid = buyer.post(
        f"{place.stripe.url}/test/sessions/{session_id}/pay", json={"card": "4242424242424242"}, timeout=20
    )
    assert paid.status_code == 200
    order_url = f"{place.base_url}/api/v1/orders/{facts['reference']}?secret={facts['secret']}"
    place.wait_until(lambda: buyer.get(order_url, timeout=20).json()["status"] == "paid", "the order is paid")
    pdf = buyer.get(f"{place.base_url}/orders/{facts['reference']}/tickets.pdf", timeout=60)
    assert pdf.content.startswith(b"%PDF"), pdf.text[:300]

    def mailed() -> bool:
        with notification.reading() as connection:
            states = list(connection.execute(sa.select(messages.c.state)).scalars())
        return states == ["sent", "sent"]

    place.wait_until(mailed, "ticket and confirmation are mailed")
    for path in ("/internal", "/internal/ticket/health", "/metrics"):
        assert _status(place.base_url + path) == 404, path
    for path in ("/staff", "/finance", "/catering", "/mail"):
        page = buyer.get(place.base_url + path, timeout=20)
        assert "/staff/sign-in" in page.url, path
        assert page.url.startswith(place.base_url)
    invited = subprocess.run(
        [sys.executable, "-m", "infra.cli", "first-link"],
        env=place.environment("console-web"),
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert "password" in buyer.get(invited.stdout.strip(), timeout=20).text, invited.stderr
    runtime.close()
    for role in ROLES:
        limit = int(place.file[role]["mem_limit"].removesuffix("m"))
        assert place.memory(role) < limit, f"{role} needs {place.memory(role)} MB of {limit}"


def _status(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
