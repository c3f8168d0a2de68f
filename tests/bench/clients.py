"""Clients that cost little, so that the cores are left to what is measured: raw sockets that stay open, one thread for all."""

from __future__ import annotations

import itertools
import json
import math
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Answers:
    """Of the requests that were answered while it was measured: how long each took, in seconds, and how many by status."""

    took: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds


class _Client:
    """One connection: sends a request when it may, and gathers its answer."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.socket = self._connect()
        self.began = 0.0
        self.gathered = b""

    def _connect(self) -> socket.socket:
        made = socket.create_connection(self._address)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, request: bytes) -> None:
        self.gathered, self.began = b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status, once the whole answer is there."""
        got = self.socket.recv(65536)
        if not got:
            raise ConnectionError("The server closed the connection.")
        self.gathered += got
        head, end, body = self.gathered.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        return int(head[9:12]) if len(body) >= length else None


def post(address: tuple[str, int], path: str, body: Any, headers: dict[str, str] | None = None) -> bytes:
    """A request as bytes; `body` is sent as JSON unless it is bytes already."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {
        "Host": f"{address[0]}:{address[1]}",
        "Content-Type": "application/json",
        "Content-Length": str(len(data)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**fields, **(headers or {})}.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + data


def drive(address: tuple[str, int], requests: Iterator[bytes], clients: int, warm: float, seconds: float) -> Answers:
    """Keep so many clients busy; what is answered in the first `warm` seconds does not count."""
    answers = _keep_busy(address, requests, clients, warm, seconds)
    answers.seconds = seconds
    return answers


def exhaust(address: tuple[str, int], requests: list[bytes], clients: int) -> Answers:
    """Send all of them by so many clients that are always busy."""
    return _keep_busy(address, iter(requests), clients, 0.0, math.inf)


def _keep_busy(
    address: tuple[str, int], requests: Iterator[bytes], clients: int, warm: float, seconds: float
) -> Answers:
    """Until the time is over or there are no more requests. `seconds` of what it returns are those it took."""
    answers = Answers()
    chosen = selectors.DefaultSelector()
    for request in itertools.islice(requests, clients):
        client = _Client(address)
        chosen.register(client.socket, selectors.EVENT_READ, client)
        client.send(request)
    began = time.perf_counter() + warm
    ends = began + seconds
    while chosen.get_map():
        for key, _ in chosen.select(10.0):
            client = key.data
            status = client.receive()
            if status is None:
                continue
            now = time.perf_counter()
            if began <= now < ends:
                answers.took.append(now - client.began)
                answers.statuses[status] = answers.statuses.get(status, 0) + 1
            following = next(requests, None) if now < ends else None
            if following is None:
                chosen.unregister(client.socket)
                client.socket.close()
            else:
                client.send(following)
    answers.seconds = time.perf_counter() - began
    return answers


def paced(
    address: tuple[str, int], requests: list[bytes], rate: float, threads: int
) -> tuple[list[float], list[float]]:
    """Send them at a steady rate, whatever the answers take. Returns when each was sent (`perf_counter`) and its seconds."""
    sent, took = [0.0] * len(requests), [0.0] * len(requests)
    began = time.perf_counter() + 0.1

    def work(first: int) -> None:
        client = _Client(address)
        for number in range(first, len(requests), threads):
            wait = began + number / rate - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            sent[number] = time.perf_counter()
            client.send(requests[number])
            while client.receive() is None:
                pass
            took[number] = time.perf_counter() - sent[number]
        client.socket.close()

    workers = [threading.Thread(target=work, args=(first,)) for first in range(threads)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    return sent, took
