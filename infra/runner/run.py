"""Start everything, say when it is open, and end everything."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from infra.local_server import die_with_parent
from infra.runner.plan import HOST, Plan, configuration, free_port, require_port
from shared.config import Settings, kept_secret, load
from shared.errors import Conflict


def run(port: int, stack: str) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code. Raises `Conflict` for a port in use, `InvalidInput` for a setting."""
    require_port(port)
    plan = make_plan(port, stack)
    _make_folders(plan)
    _refuse_a_second_start(plan)
    config = plan.run_dir / "supervisor.conf"
    config.write_text(configuration(plan, plan.environment))
    ending = _Ending()
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
        env=plan.environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=None,
        preexec_fn=die_with_parent(signal.SIGTERM),  # should we be killed hard, it still ends everything in order
    )
    ending.children.append(supervisor)
    opening = subprocess.Popen([sys.executable, "-m", "infra.runner.opening", stack, str(port)], env=_for_opening(plan))
    ending.children.append(opening)
    try:
        if opening.wait() != 0 and not ending.asked:
            print(f"It did not open. The reasons are in {plan.home / 'logs'}.", file=sys.stderr, flush=True)
            return 1
        supervisor.wait()
        return 0 if ending.asked else 1
    finally:
        ending.end_all()


def make_plan(port: int, stack: str) -> Plan:
    """Settings for this start: what the environment says, completed for one machine."""
    environ = dict(os.environ)
    environ.setdefault("STAGEDOOR_BASE_URL", f"http://{HOST}:{port}")
    # Beside our own port, and not where such servers usually are: two starts at once must not meet at one broker.
    kafka_port, postgres_port = free_port(port + 3), free_port(port + 4)
    if stack == "cluster":
        home = environ.setdefault("STAGEDOOR_HOME", "var/cluster")
        password = kept_secret(Path(home) / "postgres", "password")
        environ.setdefault("STAGEDOOR_LOG_URL", f"kafka://{HOST}:{kafka_port}")
        environ.setdefault(
            "STAGEDOOR_DATABASE_URL",
            f"postgresql+psycopg://stagedoor:{password}@{HOST}:{postgres_port}/stagedoor_{{service}}",
        )
    settings: Settings = load(environ)
    return Plan(
        settings=replace(settings, base_url=settings.base_url.rstrip("/")),
        stack=stack,
        port=port,
        internal_port=free_port(port + 1),
        stripe_port=free_port(port + 2),
        kafka_port=kafka_port,
        postgres_port=postgres_port,
    )


def _for_opening(plan: Plan) -> dict[str, str]:
    return {
        **plan.environment,
        "SUPERVISOR_SOCKET": str(plan.socket),
        "SUPERVISOR_PROGRAMS": " ".join(plan.programs),
    }


def _make_folders(plan: Plan) -> None:
    for folder in (plan.home, plan.run_dir, plan.home / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    metrics = plan.run_dir / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()


def _refuse_a_second_start(plan: Plan) -> None:
    pid_file = plan.run_dir / "supervisor.pid"
    try:
        pid = int(pid_file.read_text())
        alive = "supervisord" in Path(f"/proc/{pid}/cmdline").read_text()
    except (OSError, ValueError):
        return
    if alive:
        raise Conflict(
            f"Stagedoor runs already on {plan.home} (process {pid}): stop it, or set STAGEDOOR_HOME to another folder."
        )


class _Ending:
    """Ends what was started, once, in order, when asked by a signal or at the end."""

    def __init__(self) -> None:
        self.children: list[subprocess.Popen[bytes]] = []
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True
        for child in self.children:
            if child.poll() is None:
                child.terminate()

    def end_all(self) -> None:
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            try:
                child.wait(timeout=60)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
