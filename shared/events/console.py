"""What the console says: what staff did there."""

from __future__ import annotations

from shared.events.base import StaffActed, Topic

STAFF = Topic(
    "console.staff",
    "console",
    "staff_id",
    {"console.staff_acted": StaffActed},
    "What staff did in the console: signing in, roles, parked messages.",
)
TOPICS = (STAFF,)
