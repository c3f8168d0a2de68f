"""Identifiers: a short prefix and a UUIDv7 for things, 128 random bits for secrets."""

from __future__ import annotations

import base64
import random
import secrets
import uuid
from datetime import datetime
from typing import Protocol


class Ids(Protocol):
    def new(self, prefix: str, now: datetime) -> str:
        """A fresh id such as `ord_0198f3...`; ids made later sort later."""

    def secret(self) -> str:
        """22 URL-safe characters with 128 random bits."""

    def code(self, length: int) -> str:
        """A code that people can read out: capitals and digits without 0, O, 1, I, L and U."""


READABLE = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


class RandomIds:
    """Ids from a source of randomness: the machine's by default, a seeded one in rehearsals and tests."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or secrets.SystemRandom()

    def new(self, prefix: str, now: datetime) -> str:
        return f"{prefix}_{uuid7(now, self._source.getrandbits(74)).hex}"

    def secret(self) -> str:
        return base64.urlsafe_b64encode(self._source.getrandbits(128).to_bytes(16, "big")).rstrip(b"=").decode()

    def code(self, length: int) -> str:
        return "".join(self._source.choice(READABLE) for _ in range(length))


def seeded_ids(seed: int) -> RandomIds:
    """Ids that repeat from run to run. Never for an installation that people use."""
    return RandomIds(random.Random(seed))


def uuid7(now: datetime, randomness: int) -> uuid.UUID:
    """RFC 9562 version 7 from milliseconds since 1970 and 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (randomness >> 62 & 0xFFF) << 64
    value |= 0b10 << 62 | randomness & (1 << 62) - 1
    return uuid.UUID(int=value)
