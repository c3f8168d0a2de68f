"""Stripe's rules for `Idempotency-Key`.

The same key with the same request is answered as the first time, also where that was a 500; with another request it is an
error; while the first still runs it is a conflict. A key is forgotten after 24 hours. What was refused before it ran
(a wrong parameter, no access) is not remembered.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from infra.fake_stripe.errors import ApiError
from infra.fake_stripe.params import Tree
from infra.fake_stripe.work import Work

KEPT_SECONDS = 24 * 60 * 60
ABANDONED_SECONDS = 60
"""A key whose process died while it ran is free again after this."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The first answer, and the request it was given to."""

    status: int
    body: str
    request_id: str


def fingerprint(tree: Tree) -> str:
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()


def claim(work: Work, key: str, path: str, tree: Tree, request_id: str) -> Stored | None:
    """Take the key for this request (None), or hand back what it was answered before."""
    if len(key) > 255:
        raise ApiError("Idempotency keys can have at most 255 characters.", keeps=False)
    work.tx.sql.execute("DELETE FROM answers WHERE started <= ?", (work.instant - KEPT_SECONDS,))
    row = work.tx.sql.execute(
        "SELECT path, fingerprint, request_id, started, status, body FROM answers WHERE key = ?", (key,)
    ).fetchone()
    print_ = fingerprint(tree)
    if row is not None:
        first_path, first_print, first_request, started, status, body = row
        if first_path != path:
            raise ApiError(
                f"Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{first_path}' vs '{path}'). Try using a key other than '{key}' if you meant to execute a different "
                "request.",
                type="idempotency_error",
                keeps=False,
            )
        if first_print != print_:
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                type="idempotency_error",
                keeps=False,
            )
        if status is not None:
            return Stored(status, body, first_request)
        if started > work.instant - ABANDONED_SECONDS:
            raise ApiError(
                f"There is currently another in-progress request using this Idempotent Key: {key}",
                status=409,
                type="idempotency_error",
                code="idempotency_key_in_use",
                keeps=False,
            )
    work.tx.sql.execute(
        "INSERT INTO answers (key, path, fingerprint, request_id, started) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET started = excluded.started, request_id = excluded.request_id",
        (key, path, print_, request_id, work.instant),
    )
    return None


def keep(work: Work, key: str, status: int, body: str) -> None:
    """Remember the answer; in the transaction of the effect, so that neither is there without the other."""
    work.tx.sql.execute("UPDATE answers SET status = ?, body = ? WHERE key = ?", (status, body, key))


def release(work: Work, key: str) -> None:
    """Forget a key whose request never ran."""
    work.tx.sql.execute("DELETE FROM answers WHERE key = ? AND status IS NULL", (key,))
