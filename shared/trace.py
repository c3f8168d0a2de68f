"""The trace that a request began, carried through transactions and across topics (W3C `traceparent`)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("traceparent", default="")
_FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def current() -> str:
    """The `traceparent` of what is being done; empty outside of any trace."""
    return _current.get()


@contextmanager
def joined(traceparent: str) -> Iterator[str]:
    """Work inside this trace; a missing or malformed one begins a new trace."""
    value = traceparent if _FORM.fullmatch(traceparent) else f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    token = _current.set(value)
    try:
        yield value
    finally:
        _current.reset(token)
