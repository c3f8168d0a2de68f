"""The errors that Stagedoor raises on purpose: a small published tree.

Every error carries facts (`facts`, JSON-ready) and a sentence that says what to do. `shared.web.problems` turns them into
RFC 9457 problem+json, `shared.consumer` and `shared.timers` decide by them whether to wait, to retry or to park.

    StagedoorError
    |-- Refused                 the caller can mend it: 4xx, never retried by itself
    |   |-- InvalidInput 422    |-- NotFound 404   |-- Conflict 409   |-- Gone 410
    |   |-- Unauthorized 401    |-- Forbidden 403  |-- TooMany 429
    |-- Unavailable 503         nobody's fault: wait and try again, for ever, with back-off
    |-- Corrupt 500             data that contradict each other: stop, and tell a person
"""

from __future__ import annotations

from typing import ClassVar


class StagedoorError(Exception):
    """The root. `code` is the stable word for machines, `str(error)` the sentence for people."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence)
        self.facts: dict[str, object] = facts


class Refused(StagedoorError):
    """The request cannot be done as it stands; nothing was changed."""

    status = 400
    code = "refused"


class InvalidInput(Refused):
    """A value is not acceptable. `facts['errors']`, where given, maps a field's path to a list of sentences."""

    status = 422
    code = "invalid"


class Unauthorized(Refused):
    """Nobody is signed in, or the token does not hold."""

    status = 401
    code = "unauthorized"


class Forbidden(Refused):
    """Somebody is signed in who may not do this."""

    status = 403
    code = "forbidden"


class NotFound(Refused):
    """There is no such thing, or it is not the caller's."""

    status = 404
    code = "not_found"


class Conflict(Refused):
    """The state of things does not allow it (sold out, a changed price, a used key)."""

    status = 409
    code = "conflict"


class Gone(Refused):
    """It was here and is no more: an expired hold, an erased person."""

    status = 410
    code = "gone"


class TooMany(Refused):
    """Too many requests or too many tries. `facts['retry_after']` is in seconds."""

    status = 429
    code = "too_many"


class Unavailable(StagedoorError):
    """Something we depend on is away: database, log, mail server, payment provider. It counts as no try."""

    status = 503
    code = "unavailable"


class Corrupt(StagedoorError):
    """Facts contradict each other: a person has to look."""

    code = "corrupt"
