"""One PostgreSQL server on the loopback: the distribution's own binaries on a data directory of ours.

    with PostgresServer("var/postgres") as postgres:
        postgres.create_databases(["ticket", "catering"])
        create_engine(postgres.url_template.format(service="ticket"))

Users. PostgreSQL refuses to run as root. An ordinary user runs it as himself. Root runs it as `postgres` where that
user exists, else as `nobody`, and gives it the directories `store` and `socket` under `data_dir`. That user must be able
to reach them: where a parent directory is closed to him (root's home, say), the store goes to /var/lib/stagedoor, and
`store` is a link to it.

Access. The Unix socket lies in a directory that only the server's user and root may enter, and asks for no password.
Where its path would be too long for the system or closed to the server, and for every other client, there is the
loopback's port with a password (`password` in data_dir).
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from infra.local_server import LOOPBACK, LocalServer, free_ports, is_free
from shared.config import kept_secret
from shared.errors import Unavailable

INSTALL = "On Debian: apt-get install postgresql"
DISTRIBUTIONS = "/usr/lib/postgresql/*/bin"
OWNER = "stagedoor"
"""The database role that owns everything."""
LONGEST_SOCKET = 107
FALLBACK = Path("/var/lib/stagedoor")
SETTINGS = {
    "shared_buffers": "64MB",
    "max_connections": "200",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "autovacuum_naptime": "10s",  # outbox and timers turn over quickly: plans made for them empty must not stay for a minute
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests that are not about losing power: nothing survives a crash of the machine."""


class PostgresServer(LocalServer):
    """A server on its own data directory. `port` None: the one used before, or a free one. `careless`: quick, for tests."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # 'fast': SIGTERM would wait for every client to leave

    def __init__(self, data_dir: Path | str, port: int | None = None, careless: bool = False) -> None:
        super().__init__(data_dir)
        self._careless = careless
        self._binaries = Path()
        self.port = port or 0
        """0 until the first start, where none was asked for."""

    @property
    def store(self) -> Path:
        return self.data_dir / "store"

    @property
    def socket_dir(self) -> Path:
        return self.data_dir / "socket"

    @property
    def log_path(self) -> Path:
        return self.data_dir / "postgres.log"

    @property
    def url_template(self) -> str:
        """SQLAlchemy's URL with `{service}` for the database's name."""
        if self._has_socket():
            return f"postgresql+psycopg://{OWNER}@/{{service}}?host={quote(str(self.socket_dir))}&port={self.port}"
        return self.tcp_url_template

    @property
    def tcp_url_template(self) -> str:
        """The same over the loopback's port, with the password."""
        return f"postgresql+psycopg://{OWNER}:{self._password()}@{LOOPBACK}:{self.port}/{{service}}"

    def user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def prepare(self) -> None:
        self._binaries = find_binaries()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._choose_port()
        self._make_directory(self.socket_dir)
        self._make_store()
        if not (self.store / "PG_VERSION").exists():
            self._initialise()

    def _choose_port(self) -> None:
        remembered = self.data_dir / "port"
        before = int(remembered.read_text()) if remembered.exists() else 0
        port = self.port or before or free_ports(1)[0]
        if not is_free(port):
            if self.port:
                raise Unavailable(f"Port {port} is in use: stop what listens there, or give PostgreSQL another port.")
            (port,) = free_ports(1)
        self.port = port
        remembered.write_text(str(port))

    def _make_directory(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if user := self.user():
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)

    def _make_store(self) -> None:
        user = self.user()
        if not self.store.exists() and user and not _may_reach(user, self.data_dir):
            elsewhere = FALLBACK / hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:16]
            elsewhere.mkdir(mode=0o755, parents=True, exist_ok=True)
            self.store.unlink(missing_ok=True)
            self.store.symlink_to(elsewhere / "store")
            self._make_directory(elsewhere / "store")
        elif not self.store.exists():
            self._make_directory(self.store)

    def _initialise(self) -> None:
        with tempfile.NamedTemporaryFile("w") as readable:  # the server's user may not reach our own file
            readable.write(self._password())
            readable.flush()
            if user := self.user():
                shutil.chown(readable.name, user)
            done = subprocess.run(
                [
                    *(str(self._binaries / "initdb"), "--pgdata", str(self.store.resolve()), "--username", OWNER),
                    *("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={readable.name}"),
                    *("--encoding=UTF8", "--locale=C"),  # sorts by bytes, as SQLite does
                    *(("--no-sync",) if self._careless else ()),
                ],
                capture_output=True,
                text=True,
                cwd="/",
                **self.as_user(),
            )
        if done.returncode:
            raise Unavailable(
                f"initdb could not make a store in {self.store}:\n{done.stdout[-1000:]}{done.stderr[-1000:]}"
            )

    def command(self) -> Sequence[str]:
        settings = {
            **SETTINGS,
            **(CARELESS if self._careless else {}),
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_dir) if self._has_socket() else "",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.store.resolve()), *options]

    def answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self._admin_dsn(), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _may_try_again(self, deadline: float) -> bool:
        """After `kill` the old server's children take a moment to notice; until then a new one refuses to start."""
        if "shared memory" not in self._log_end(4) or time.monotonic() > deadline:
            return False
        time.sleep(0.2)
        self._launch()
        return True

    def create_databases(self, names: Iterable[str]) -> None:
        """Create those that are missing."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self._admin_dsn(), autocommit=True) as connection:
            there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for name in names:
                if name not in there:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_databases(self, names: Iterable[str]) -> None:
        """Drop those that exist, also from under their users."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self._admin_dsn(), autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _admin_dsn(self) -> str:
        return self.url_template.replace("+psycopg", "").format(service="postgres")

    def _password(self) -> str:
        return kept_secret(self.data_dir, "password")

    def _has_socket(self) -> bool:
        """Whether the socket's path fits, and the server's user reaches it."""
        path = self.socket_dir / f".s.PGSQL.{self.port}"
        user = self.user()
        return len(os.fsencode(path)) <= LONGEST_SOCKET and (user is None or _may_reach(user, self.data_dir))


def find_binaries() -> Path:
    """The directory of `initdb` and `postgres`: the PATH's, else the newest of the distribution's. Raises `Unavailable`."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres", path=str(Path(on_path).parent)):
        return Path(on_path).parent
    root, _, pattern = DISTRIBUTIONS.partition("/*")
    found = [path.parent for path in Path(root).glob(f"*{pattern}/postgres") if (path.parent / "initdb").exists()]
    if not found:
        raise Unavailable(
            f"PostgreSQL's server (initdb, postgres) is not on the PATH nor in {DISTRIBUTIONS}. {INSTALL}"
        )
    return max(found, key=lambda path: float(path.parent.name))


def _may_reach(user: str, directory: Path) -> bool:
    """Whether a user may pass through a directory and all its parents (by owner, group and mode; root's view)."""
    entry = pwd.getpwnam(user)
    groups = set(os.getgrouplist(user, entry.pw_gid))
    for path in (directory, *directory.parents):
        status = path.stat()
        if status.st_uid == entry.pw_uid:
            needed = stat.S_IXUSR
        elif status.st_gid in groups:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return False
    return True
