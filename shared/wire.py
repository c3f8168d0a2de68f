"""The form of an event on a topic: a CloudEvents 1.0 envelope in JSON around the event's own fields.

    {"specversion": "1.0", "id": "evt_...", "source": "/ticket", "type": "ticketing.order_paid", "dataversion": 1,
     "subject": "ord_...", "sequence": "3", "time": "2027-03-01T09:00:00Z", "conferenceid": "con_...", "actor": "system",
     "traceparent": "00-...", "datacontenttype": "application/json", "data": {...}}

Reading ignores unknown fields; a type that nobody knows gives an `Envelope` whose `event` is None and whose sequence still counts.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from shared.errors import Corrupt
from shared.events import TOPICS, Event, Topic

VERSION = 1
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Envelope(Generic[E]):
    """An event with where it stands: `sequence` is its number within its topic and key, from 1, without a gap.

    `event` is None for a type that nobody knows; `digest` is a number of what was said.
    """

    id: str
    type: str
    topic: str
    key: str
    sequence: int
    time: datetime
    source: str
    actor: str
    traceparent: str
    event: E
    digest: int = 0


class _Form(msgspec.Struct, omit_defaults=False):
    """The envelope as bytes."""

    id: str
    source: str
    type: str
    subject: str
    sequence: str
    time: datetime
    conferenceid: str
    actor: str
    traceparent: str
    data: msgspec.Raw
    specversion: str = "1.0"
    dataversion: int = VERSION
    datacontenttype: str = "application/json"


TYPES: dict[str, type[Event]] = {name: cls for topic in TOPICS.values() for name, cls in topic.events.items()}
ADDRESSES: dict[tuple[str, type[Event]], tuple[Topic, str]] = {
    (topic.owner, cls): (topic, name) for topic in TOPICS.values() for name, cls in topic.events.items()
}

_encoder = msgspec.json.Encoder()
_read_form = msgspec.json.Decoder(_Form)
_readers: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(cls) for name, cls in TYPES.items()}


def address(owner: str, event: Event) -> tuple[Topic, str, str]:
    """The topic, wire name and key under which `owner` publishes this event. Raises `Corrupt` if it may not."""
    try:
        topic, name = ADDRESSES[owner, type(event)]
    except KeyError:
        raise Corrupt(f"{owner} does not own {type(event).__name__}: only its owner writes a topic.") from None
    return topic, name, str(getattr(event, topic.key))


def encode_data(event: Event) -> bytes:
    """The event's own fields as JSON."""
    return _encoder.encode(event)


def encode(
    *,
    id: str,
    owner: str,
    type: str,
    key: str,
    sequence: int,
    time: datetime,
    conference_id: str,
    actor: str,
    traceparent: str,
    data: bytes,
) -> bytes:
    """The bytes that go to the topic."""
    return _encoder.encode(
        _Form(
            id=id,
            source=f"/{owner}",
            type=type,
            subject=key,
            sequence=str(sequence),
            time=time,
            conferenceid=conference_id,
            actor=actor,
            traceparent=traceparent,
            data=msgspec.Raw(data),
        )
    )


def decode(topic: str, value: bytes) -> Envelope[Any]:
    """Read an envelope. Raises `Corrupt` when the bytes are no envelope, or, with the facts `key` and `sequence`, when the
    event inside lacks what it must have."""
    try:
        form = _read_form.decode(value)
        sequence = int(form.sequence)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Corrupt(f"A message on {topic} is no event: {error}") from error
    reader = _readers.get(form.type)
    try:
        event = reader.decode(form.data) if reader else None
    except msgspec.MsgspecError as error:
        raise Corrupt(f"A {form.type} cannot be read: {error}", key=form.subject, sequence=sequence) from error
    return Envelope(
        id=form.id,
        type=form.type,
        topic=topic,
        key=form.subject,
        sequence=sequence,
        time=form.time,
        source=form.source,
        actor=form.actor,
        traceparent=form.traceparent,
        event=event,
        digest=digest_of(form.id, form.data),
    )


def digest_of(event_id: str, data: bytes | msgspec.Raw) -> int:
    """A number that owner and consumer both sum up by key, to compare what one said with what the other heard."""
    return zlib.crc32(data, zlib.crc32(event_id.encode()))
