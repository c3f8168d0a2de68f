"""One Kafka node on the loopback: real Apache Kafka (KRaft), its jars fetched once by Maven.

    with KafkaServer("var/kafka") as kafka:
        open_log(f"kafka://{kafka.bootstrap}")

Needs Java 17 or newer, and Maven for the first start only. Everything it keeps lies under `data_dir`: records, its
settings with the ports (used again by the next start while they are free), and kafka.log.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from string import Template

from infra.local_server import LOOPBACK, LocalServer, free_ports, is_free
from shared.errors import Unavailable

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
LIBRARY = HERE / "lib"
INSTALL = "On Debian: apt-get install openjdk-17-jre-headless maven"
HEAP = "384m"
MAVEN_SECONDS = 600


class KafkaServer(LocalServer):
    """A node on its own data directory. `port` None: the one used before, or a free one."""

    name = "Kafka"

    def __init__(self, data_dir: Path | str, port: int | None = None, heap: str = HEAP) -> None:
        super().__init__(data_dir)
        self._heap = heap
        self._java = ""
        self.port = port or 0
        """0 until the first start, where none was asked for."""

    @property
    def bootstrap(self) -> str:
        """`host:port`, for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def _settings(self) -> Path:
        return self.data_dir / "server.properties"

    def prepare(self) -> None:
        self._java = find_java()
        fetch_jars()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._choose_ports()
        if not (self.data_dir / "records" / "meta.properties").exists():
            self._format()

    def _choose_ports(self) -> None:
        """Write the settings. A port that stays the same lets clients find the node again after a restart."""
        before = self._settings.read_text() if self._settings.exists() else ""
        used = re.search(r"^listeners=.*?:(\d+),.*?:(\d+)$", before, re.MULTILINE)
        port, controller_port = map(int, used.groups()) if used else free_ports(2)
        port = self.port or port
        if not is_free(port):
            if self.port:
                raise Unavailable(f"Port {port} is in use: stop what listens there, or give Kafka another port.")
            (port,) = free_ports(1)
        if not is_free(controller_port):
            (controller_port,) = free_ports(1)
        self.port = port
        template = Template((HERE / "server.properties").read_text())
        self._settings.write_text(
            template.substitute(port=port, controller_port=controller_port, data=self.data_dir.as_posix())
        )

    def _format(self) -> None:
        done = subprocess.run(
            [
                *self._java_command("128m", self.data_dir / "format.log"),
                "kafka.tools.StorageTool",
                *("format", "--standalone", "--cluster-id", _cluster_id(), "--config", str(self._settings)),
            ],
            capture_output=True,
            text=True,
            cwd=self.data_dir,
        )
        if done.returncode:
            raise Unavailable(f"Kafka could not make its store in {self.data_dir}:\n{done.stdout}{done.stderr}")

    def command(self) -> Sequence[str]:
        return [*self._java_command(self._heap, self.log_path), "kafka.Kafka", str(self._settings)]

    def _java_command(self, heap: str, log: Path) -> list[str]:
        return [
            self._java,
            *("-Xms64m", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-XX:TieredStopAtLevel=1"),
            *("-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true"),
            f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
            f"-Dstagedoor.log={log}",
            *("-cp", f"{LIBRARY}/*"),
        ]

    def answers(self) -> bool:
        # The client is needed only here: a process that merely starts servers stays small.
        from kafka.admin import KafkaAdminClient
        from kafka.errors import KafkaError

        if is_free(self.port):
            return False
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self.bootstrap, request_timeout_ms=5000, bootstrap_timeout_ms=2000
            )
        except KafkaError:
            return False
        try:
            return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False
        finally:
            admin.close()


def find_java() -> str:
    """The path of a Java of version 17 or newer. Raises `Unavailable` with how to get one."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None) or shutil.which("java")
    if java is None:
        raise Unavailable(f"Kafka needs Java 17 or newer, and there is no java here. {INSTALL}")
    told = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < 17:
        raise Unavailable(
            f"Kafka needs Java 17 or newer; {java} is {told.splitlines()[0] if told else 'unknown'}. {INSTALL}"
        )
    return java


def fetch_jars() -> None:
    """Let Maven copy what pom.xml names into lib/, once for each state of the pom. Two processes at once do not collide."""
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    mark = LIBRARY / "fetched-for.txt"
    with POM.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text() == wanted:
            return
        maven = shutil.which("mvn")
        if maven is None:
            raise Unavailable(f"Kafka's jars are not here yet, and Maven, which fetches them, is missing. {INSTALL}")
        with tempfile.TemporaryDirectory(dir=HERE, prefix=".fetching-") as fetched:
            done = subprocess.run(
                [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
                + ["-DincludeScope=runtime", f"-DoutputDirectory={fetched}/lib"],
                capture_output=True,
                text=True,
                timeout=MAVEN_SECONDS,
            )
            if done.returncode:
                raise Unavailable(f"Maven could not fetch Kafka's jars (is there a network?):\n{done.stdout[-2000:]}")
            shutil.rmtree(LIBRARY, ignore_errors=True)
            (Path(fetched) / "lib").rename(LIBRARY)
        mark.write_text(wanted)


def _cluster_id() -> str:
    """22 characters of URL-safe base 64, as Kafka wants it."""
    return base64.b64encode(uuid.uuid4().bytes, altchars=b"ab").rstrip(b"=").decode()
