"""Named places at which a process can be made to die, so that tests can show that nothing is lost there.

`STAGEDOOR_CRASH_AT=relay.after_ack` arms one; `relay.after_ack:3` the third time it is passed. Unarmed, a point costs a look-up.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "database.before_commit",
    "database.after_commit",
    "relay.after_ack",
    "webhook.before_answer",
    "smtp.in_data",
    "smtp.after_data",
)

_passed: dict[str, int] = {}


def point(name: str) -> None:
    """Die here by SIGKILL if this point is armed."""
    armed = os.environ.get("STAGEDOOR_CRASH_AT")
    if not armed:
        return
    wanted, _, count = armed.partition(":")
    if wanted != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
