"""The event feed of one machine: each topic over HTTP, for who has an API token, with the envelopes as they are on the log."""

from __future__ import annotations

import heapq
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from services.console import store
from shared import wire
from shared.database import Database
from shared.errors import Corrupt, InvalidInput, NotFound, Unauthorized
from shared.events import TOPICS
from shared.log import PARTITIONS, Log, Record, TopicPartition
from shared.runtime import Runtime

LIMIT: Final = 500
LONGEST_WAIT: Final = 20.0
PAUSE: Final = 0.2
WAITERS: Final = 2
"""How many readers of one process may wait at once: the others are answered at once, so that no buyer waits for a thread."""


def make_feed(runtime: Runtime, database: Database) -> Blueprint:
    feed = Blueprint("feed", __name__, url_prefix="/feed")
    places_to_wait = threading.BoundedSemaphore(WAITERS)

    def admit() -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with database.reading() as connection:
            if scheme != "Bearer" or not token or not store.holds_token(connection, token):
                raise Unauthorized(
                    "Send an API token: Authorization: Bearer sdt_... . Organisers make one at /staff/tokens."
                )

    feed.before_request(admit)

    @feed.get("")
    def topics() -> Response:
        """Every topic, what it is about, and the types of its events."""
        items = [
            {
                "topic": topic.name,
                "description": topic.description,
                "key": topic.key,
                "types": sorted(topic.events),
                "feed": f"{runtime.settings.base_url}/feed/{topic.name}",
            }
            for topic in TOPICS.values()
        ]
        return jsonify(items=items)

    @feed.get("/<topic>")
    def read(topic: str) -> Response:
        """Envelopes from a position on: `after` (as `next` gave it; empty for the beginning), `limit`, `wait` in seconds."""
        if topic not in TOPICS:
            raise NotFound(f"There is no topic {topic!r}: GET /feed lists them.")
        if not runtime.log.features.has_feed:
            raise NotFound("This installation has a broker: subscribe to the topic there.")
        offsets = read_position(request.args.get("after", ""))
        limit = _number("limit", 100, 1, LIMIT)
        wait = _number("wait", 0, 0, LONGEST_WAIT)
        records = take(runtime.log, topic, offsets, int(limit))
        if not records and wait and places_to_wait.acquire(blocking=False):
            try:
                until = time.monotonic() + wait
                while not records and time.monotonic() < until:
                    time.sleep(PAUSE)
                    records = take(runtime.log, topic, offsets, int(limit))
            finally:
                places_to_wait.release()
        for record in records:
            offsets[record.partition] = record.offset + 1
        # The envelopes are JSON already: they pass through as they are.
        items = b",".join(record.value for record in records)
        body = b'{"items":[' + items + b'],"next":"' + write_position(offsets).encode() + b'"}'
        return Response(body, mimetype="application/json", headers={"Cache-Control": "no-store"})

    return feed


def take(log: Log, topic: str, offsets: list[int], limit: int) -> list[Record]:
    """Up to `limit` records beyond the offsets, about in the order of their times, in order within each partition."""

    def of(partition: int) -> Iterator[tuple[datetime, int, Record]]:
        for record in log.read(TopicPartition(topic, partition), offsets[partition], limit):
            yield _time_of(record), partition, record

    merged = heapq.merge(*(of(partition) for partition in range(PARTITIONS)), key=lambda each: each[:2])
    return [record for _, (_time, _partition, record) in zip(range(limit), merged, strict=False)]


def write_position(offsets: list[int]) -> str:
    return ".".join(str(offset) for offset in offsets)


def read_position(text: str) -> list[int]:
    """The next offset of each partition. Raises `InvalidInput` for what no `next` ever said."""
    if not text:
        return [0] * PARTITIONS
    if not re.fullmatch(r"\d{1,15}" + r"\.\d{1,15}" * (PARTITIONS - 1), text):
        raise InvalidInput("`after` is no position: send what `next` said, or leave it out to begin.")
    return [int(part) for part in text.split(".")]


def _time_of(record: Record) -> datetime:
    try:
        envelope: wire.Envelope[Any] = wire.decode(record.topic, record.value)
    except Corrupt:
        return datetime.min.replace(tzinfo=UTC)
    return envelope.time


def _number(name: str, default: float, lowest: float, highest: float) -> float:
    text = request.args.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = lowest - 1
    if not lowest <= value <= highest:
        raise InvalidInput(f"`{name}` is a number from {lowest:g} to {highest:g}.", errors={name: ["out of range"]})
    return value
