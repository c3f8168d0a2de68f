"""Which processes run on one machine, with which commands and in which environment."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from shared.config import Settings
from shared.errors import Conflict

HOST = "127.0.0.1"
SERVERS = ("kafka", "postgres")
"""Programs that must answer before the databases can be migrated."""


@dataclass(frozen=True)
class Plan:
    """The ports and programs of one start. `stack` is `local` or `cluster`."""

    settings: Settings
    stack: str
    port: int
    internal_port: int
    stripe_port: int
    kafka_port: int
    postgres_port: int

    @property
    def home(self) -> Path:
        return Path(self.settings.home)

    @property
    def run_dir(self) -> Path:
        return self.home / "run"

    @property
    def socket(self) -> Path:
        """Supervisor's control socket; in the folder for temporary files where a path under home would be too long."""
        path = self.run_dir / "supervisor.sock"
        return path if len(str(path)) < 90 else Path(f"/tmp/stagedoor-{os.getuid()}-{self.port}.sock")

    @property
    def programs(self) -> dict[str, list[str]]:
        """Name -> command line."""
        python = sys.executable
        programs: dict[str, list[str]] = {}
        if self.stack == "cluster":
            programs["kafka"] = [
                python,
                "-m",
                "infra.kafka",
                "--data",
                self._data("kafka"),
                "--port",
                f"{self.kafka_port}",
            ]
            programs["postgres"] = [
                *(python, "-m", "infra.postgres", "--data", self._data("postgres"), "--port", f"{self.postgres_port}"),
            ]
        if self.settings.uses_fake_stripe:
            programs["stripe"] = [
                *(
                    python,
                    "-m",
                    "infra.fake_stripe",
                    "--port",
                    f"{self.stripe_port}",
                    "--data",
                    self._data("stripe.db"),
                ),
                *("--webhook-url", f"{self.settings.base_url}/stripe/webhook"),
            ]
        programs["worker"] = [
            *(python, "-m", "infra.cli", "worker", "--listen", f"{HOST}:{self.internal_port}"),
            *(["--apart"] if self.stack == "cluster" else []),
        ]
        programs["web"] = [python, "-m", "infra.cli", "web", "--listen", f"{HOST}:{self.port}"]
        return programs

    @property
    def environment(self) -> dict[str, str]:
        """What the programs find in their environment, on top of our own."""
        given = {
            f"STAGEDOOR_{item.name.upper()}": getattr(self.settings, item.name)
            for item in fields(Settings)
            if getattr(self.settings, item.name)
        }
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")},
            **given,
            "STAGEDOOR_INTERNAL_URL": f"http://{HOST}:{self.internal_port}",
            **({"STAGEDOOR_STRIPE_API": self.stripe_url} if self.settings.uses_fake_stripe else {}),
            "PROMETHEUS_MULTIPROC_DIR": str(self.run_dir / "metrics"),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def stripe_url(self) -> str:
        return f"http://{HOST}:{self.stripe_port}"

    def _data(self, name: str) -> str:
        return str(self.home / name)


def free_port(wished: int) -> int:
    """The wished port if nobody has it, else any free one."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Conflict("No port is free on this machine.")


def require_port(port: int) -> None:
    """Raise `Conflict` if somebody else listens there."""
    if free_port(port) != port:
        raise Conflict(f"Port {port} is in use by another program: stop that one, or choose another with PORT=8080.")


def configuration(plan: Plan, environment: Mapping[str, str]) -> str:
    """Supervisor's configuration: it starts servers at once, the rest when `infra.runner.opening` says so."""
    logs = plan.home / "logs"
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={logs / 'supervisor.log'}",
        f"pidfile={plan.run_dir / 'supervisor.pid'}",
        *(["user=root"] if os.getuid() == 0 else []),
        "[unix_http_server]",
        f"file={plan.socket}",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for name, command in plan.programs.items():
        first = name in SERVERS
        lines += [
            f"[program:{name}]",
            f"command={_quoted(command)}",
            f"autostart={'true' if first else 'false'}",
            "autorestart=true",
            "startsecs=1",
            "startretries=20",
            f"stopwaitsecs={30 if name in SERVERS else 12}",
            "stopasgroup=false",
            "killasgroup=true",
            f"priority={100 if name in SERVERS else 500}",
            "redirect_stderr=true",
            f"stdout_logfile={logs / name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]
    return "\n".join([*lines, ""])


def _quoted(command: list[str]) -> str:
    return " ".join('"' + part.replace("%", "%%").replace('"', '\\"') + '"' for part in command)
