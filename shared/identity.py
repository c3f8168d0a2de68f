"""Signed statements: staff tokens, service tokens, links. Each purpose has a key of its own, derived from the one secret."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from shared.errors import Unauthorized

STAFF_TOKEN = timedelta(minutes=15)
SERVICE_TOKEN = timedelta(minutes=5)


class Signer:
    """Signs small JSON objects for one purpose; what was signed for another purpose does not verify."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt=f"stagedoor.{purpose}")
        self._key = hmac.new(secret.encode(), f"stagedoor.{purpose}.digest".encode(), hashlib.sha256).digest()

    def sign(self, payload: Mapping[str, Any], expires_at: datetime | None = None) -> str:
        """A URL-safe token. `expires_at` None means that it holds for ever."""
        until = None if expires_at is None else int(expires_at.timestamp())
        return str(self._serializer.dumps([dict(payload), until]))

    def digest(self, text: str) -> str:
        """128 bits of `text` that nobody else can make, URL-safe: a secret that need not be stored."""
        return urlsafe_b64encode(hmac.new(self._key, text.encode(), hashlib.sha256).digest()[:16]).rstrip(b"=").decode()

    def verify(self, token: str, now: datetime) -> dict[str, Any]:
        """What was signed. Raises `Unauthorized`: with the fact `expired` where only its time is over."""
        try:
            payload, until = self._serializer.loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise Unauthorized("This link or token is not one of ours: ask for a new one.") from error
        if until is not None and now >= datetime.fromtimestamp(until, UTC):
            raise Unauthorized("This link or token is over its time: ask for a new one.", expired=True)
        return dict(payload)
