"""Accounts, roles, sessions, invitations, tries and API tokens: explicit statements, built once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from services.console import tables as t
from shared.database import Transaction
from shared.web.staff import Staff


@dataclass(frozen=True)
class Account:
    staff_id: str
    name: str
    email: str | None
    password: str
    revoked_at: datetime | None


_BY_EMAIL: Final = sa.select(t.accounts).where(t.accounts.c.email == bindparam("b_email"))
_ROLES: Final = sa.select(t.roles).where(t.roles.c.staff_id == bindparam("b_staff_id"))
_SESSION: Final = sa.select(t.sessions).where(t.sessions.c.digest == bindparam("b_digest"))
_ALIVE: Final = sa.select(t.accounts.c.staff_id).where(
    t.accounts.c.staff_id == bindparam("b_staff_id"), t.accounts.c.revoked_at.is_(None)
)
_TRIES: Final = (
    sa.select(sa.func.count())
    .select_from(t.tries)
    .where(t.tries.c.who == bindparam("b_who"), t.tries.c.at > bindparam("b_at"))
)
_TOKEN: Final = sa.select(t.api_tokens.c.token_id).where(
    t.api_tokens.c.digest == bindparam("b_digest"), t.api_tokens.c.revoked_at.is_(None)
)


def digest(secret: str) -> str:
    """How a secret with 128 random bits is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def any_account(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(t.accounts.c.staff_id).limit(1)).first() is not None


def find_account(connection: sa.Connection, email: str) -> Account | None:
    row = connection.execute(_BY_EMAIL, {"b_email": email.lower()}).one_or_none()
    return Account(row.staff_id, row.name, row.email, row.password, row.revoked_at) if row else None


def load_staff(connection: sa.Connection, staff_id: str) -> Staff | None:
    """Who it is and what they may, None where the account is revoked."""
    if connection.execute(_ALIVE, {"b_staff_id": staff_id}).first() is None:
        return None
    roles: dict[str, list[str]] = {}
    for row in connection.execute(_ROLES, {"b_staff_id": staff_id}):
        roles.setdefault(row.conference_id, []).append(row.role)
    return Staff(staff_id, {place: sorted(held) for place, held in sorted(roles.items())})


def add_account(tx: Transaction, staff_id: str, name: str, email: str, password: str) -> None:
    values = {"staff_id": staff_id, "name": name, "email": email.lower(), "password": password, "made_at": tx.now}
    tx.execute(sa.insert(t.accounts).values(**values))


def add_roles(tx: Transaction, staff_id: str, roles: Mapping[str, Iterable[str]]) -> None:
    rows = [
        {"staff_id": staff_id, "conference_id": place, "role": role} for place, held in roles.items() for role in held
    ]
    if rows:
        tx.execute(sa.insert(t.roles), rows)


def list_accounts(connection: sa.Connection) -> list[dict[str, Any]]:
    """Everybody, those with roles first by name: `staff_id`, `name`, `email`, `made_at`, `revoked_at`, `roles`."""
    held: dict[str, dict[str, list[str]]] = {}
    for row in connection.execute(sa.select(t.roles).order_by(t.roles.c.conference_id, t.roles.c.role)):
        held.setdefault(row.staff_id, {}).setdefault(row.conference_id, []).append(row.role)
    order = (t.accounts.c.revoked_at.is_not(None), t.accounts.c.name)
    rows = connection.execute(sa.select(t.accounts).order_by(*order))
    return [{**row._mapping, "roles": held.get(row.staff_id, {})} for row in rows]


def names(connection: sa.Connection) -> dict[str, str]:
    return {row.staff_id: row.name for row in connection.execute(sa.select(t.accounts.c.staff_id, t.accounts.c.name))}


def revoke_account(tx: Transaction, staff_id: str) -> bool:
    """Close the account, forget its address and password; False where it was closed already."""
    closed = tx.execute(
        sa.update(t.accounts)
        .where(t.accounts.c.staff_id == staff_id, t.accounts.c.revoked_at.is_(None))
        .values(revoked_at=tx.now, email=None, password="")
        .returning(t.accounts.c.staff_id)
    ).first()
    tx.execute(sa.delete(t.sessions).where(t.sessions.c.staff_id == staff_id))
    tx.execute(sa.delete(t.roles).where(t.roles.c.staff_id == staff_id))
    return closed is not None


def count_organisers(tx: Transaction, besides: str) -> int:
    """How many others may invite staff. All who may are locked, so that two cannot shut each other out at once."""
    table = t.roles
    may = sa.select(table.c.staff_id).where(table.c.conference_id == "*", table.c.role == "organiser")
    rows = tx.execute(may.order_by(table.c.staff_id).with_for_update())
    return sum(row.staff_id != besides for row in rows)


def set_password(tx: Transaction, staff_id: str, password: str) -> None:
    tx.execute(sa.update(t.accounts).where(t.accounts.c.staff_id == staff_id).values(password=password))


def add_session(tx: Transaction, secret: str, staff_id: str) -> None:
    values = {"digest": digest(secret), "staff_id": staff_id, "begun_at": tx.now, "seen_at": tx.now}
    tx.execute(sa.insert(t.sessions).values(**values))


def find_session(connection: sa.Connection, secret: str) -> Any:
    return connection.execute(_SESSION, {"b_digest": digest(secret)}).one_or_none()


def touch_session(tx: Transaction, secret: str) -> None:
    tx.execute(sa.update(t.sessions).where(t.sessions.c.digest == digest(secret)).values(seen_at=tx.now))


def end_session(tx: Transaction, secret: str) -> str | None:
    """Whose it was, None where there was none."""
    ended = sa.delete(t.sessions).where(t.sessions.c.digest == digest(secret)).returning(t.sessions.c.staff_id)
    row = tx.execute(ended).first()
    return str(row.staff_id) if row else None


def forget_sessions(tx: Transaction, begun_before: datetime) -> None:
    tx.execute(sa.delete(t.sessions).where(t.sessions.c.begun_at < begun_before))


def count_tries(connection: sa.Connection, who: str, since: datetime) -> int:
    return int(connection.execute(_TRIES, {"b_who": who, "b_at": since}).scalar_one())


def add_tries(tx: Transaction, whom: Sequence[str], forget_before: datetime) -> None:
    tx.execute(sa.delete(t.tries).where(t.tries.c.at < forget_before))
    tx.execute(sa.insert(t.tries), [{"try_id": tx.ids.new("try", tx.now), "who": who, "at": tx.now} for who in whom])


def forget_tries(tx: Transaction, who: str) -> None:
    tx.execute(sa.delete(t.tries).where(t.tries.c.who == who))


def add_invitation(tx: Transaction, secret: str, roles: Mapping[str, Sequence[str]], by: str, until: datetime) -> None:
    table = t.invitations
    tx.execute(sa.delete(table).where(table.c.expires_at <= tx.now))
    if not by:  # only one first link is ever good
        tx.execute(sa.delete(table).where(table.c.invited_by == ""))
    values = {"digest": digest(secret), "roles": dict(roles), "invited_by": by, "made_at": tx.now, "expires_at": until}
    tx.execute(sa.insert(table).values(**values))


def find_invitation(connection: sa.Connection, secret: str, now: datetime) -> dict[str, list[str]] | None:
    """The roles that the link gives, None where it is used, over, or none of ours."""
    table = t.invitations
    found = sa.select(table.c.roles).where(table.c.digest == digest(secret), table.c.expires_at > now)
    row = connection.execute(found).one_or_none()
    return dict(row.roles) if row else None


def take_invitation(tx: Transaction, secret: str) -> dict[str, list[str]] | None:
    """As `find_invitation`, and it is used up."""
    table = t.invitations
    taken = (
        sa.delete(table).where(table.c.digest == digest(secret), table.c.expires_at > tx.now).returning(table.c.roles)
    )
    row = tx.execute(taken).first()
    return dict(row.roles) if row else None


def add_token(tx: Transaction, secret: str, name: str, staff_id: str) -> str:
    token_id = tx.ids.new("tok", tx.now)
    values = {"token_id": token_id, "digest": digest(secret), "name": name, "made_by": staff_id, "made_at": tx.now}
    tx.execute(sa.insert(t.api_tokens).values(**values))
    return token_id


def revoke_token(tx: Transaction, token_id: str) -> bool:
    table = t.api_tokens
    revoked = (
        sa.update(table).where(table.c.token_id == token_id, table.c.revoked_at.is_(None)).values(revoked_at=tx.now)
    )
    return tx.execute(revoked.returning(table.c.token_id)).first() is not None


def holds_token(connection: sa.Connection, secret: str) -> bool:
    return connection.execute(_TOKEN, {"b_digest": digest(secret)}).first() is not None


def list_tokens(connection: sa.Connection) -> list[dict[str, Any]]:
    table = t.api_tokens
    rows = connection.execute(sa.select(table).where(table.c.revoked_at.is_(None)).order_by(table.c.made_at))
    return [dict(row._mapping) for row in rows]
