"""docker-compose.yml as data, and what stands in for Docker in a test: its variables and its names of hosts."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

PROJECT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def read(environ: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables filled in, as `docker compose` does. Raises KeyError for a needed one that is missing."""

    def fill(match: re.Match[str]) -> str:
        name, sign, rest = match.groups()
        if environ.get(name):
            return environ[name]
        if sign == "-":
            return str(rest)
        raise KeyError(f"{name}: {rest}")

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        return VARIABLE.sub(fill, node) if isinstance(node, str) else node

    whole: dict[str, Any] = filled(yaml.safe_load((PROJECT / "docker-compose.yml").read_text()))
    return whole


class Names:
    """Docker's name server, as an HTTP proxy: `ticket-worker:8001` -> a port of the loopback."""

    def __init__(self, places: Mapping[str, int]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def forward(self) -> None:
                target = urlsplit(self.path)
                port = places.get(target.netloc)
                if port is None:
                    self.send_error(502)
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                try:
                    connection.request(self.command, target.path, body, dict(self.headers))
                    answer = connection.getresponse()
                    content = answer.read()
                except OSError:
                    self.send_error(502)
                    return
                finally:
                    connection.close()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.getheader("Content-Type") or "")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = forward

            def log_message(self, format: str, *args: Any) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
