"""The payment page that a session's `url` leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PAGES: tuple[tuple[str, str, Callable[..., Any]], ...] = ()
