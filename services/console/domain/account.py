"""How long staff stay signed in, how often a password may be tried, what a password must be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

IDLE: Final = timedelta(hours=2)
LONGEST: Final = timedelta(hours=12)
INVITATION: Final = timedelta(hours=24)
TRIES: Final = 5
"""Failed tries for one address before it has to wait."""
CLIENT_TRIES: Final = 30
"""Failed tries from one client, whatever the address."""
WINDOW: Final = timedelta(minutes=15)
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200


def stands(begun_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a session still holds: not idle for two hours, not older than twelve."""
    return now - seen_at < IDLE and now - begun_at < LONGEST


def weakness(password: str, name: str, email: str) -> str:
    """What is wrong with a new password: empty, `short`, `long` or `guessable`."""
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    plain = password.casefold().strip()
    known = {name.casefold(), email.casefold(), email.casefold().partition("@")[0]} - {""}
    if len(set(plain)) < 5 or any(plain.replace(word, "") == "" for word in known) or plain in known:
        return "guessable"
    return ""
