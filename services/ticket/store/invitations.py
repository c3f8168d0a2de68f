"""Invitations and the secrets of their links. Whether one is accepted is whether its code is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.invitation import Invitation
from services.ticket.store.orders import Person
from services.ticket.store.tables import invitations, people, voucher_codes
from shared.database import Transaction
from shared.errors import NotFound

_INSERT = sa.insert(invitations)
_INSERT_PEOPLE = sa.insert(people)
_BY_ID = sa.select(invitations).where(invitations.c.invitation_id == sa.bindparam("invitation_id"))
_LOCK = _BY_ID.with_for_update()
_SAVE = (
    sa.update(invitations)
    .where(invitations.c.invitation_id == sa.bindparam("b_invitation_id"))
    .values(guests=sa.bindparam("guests"), revoked_at=sa.bindparam("revoked_at", type_=invitations.c.revoked_at.type))
)
_OF_CONFERENCE = (
    sa.select(invitations, people.c.name, people.c.email, voucher_codes.c.used)
    .join(voucher_codes, voucher_codes.c.code == invitations.c.code)
    .outerjoin(people, people.c.person_id == invitations.c.person)
    .where(invitations.c.conference_id == sa.bindparam("conference_id"))
    .order_by(invitations.c.invitation_id)
)


def record_invitations(
    tx: Transaction, made: Sequence[Invitation], secrets: Sequence[str], persons: Sequence[Person]
) -> None:
    tx.execute(_INSERT, [{**asdict(each), "secret": secret} for each, secret in zip(made, secrets, strict=True)])
    tx.execute(
        _INSERT_PEOPLE,
        [
            {
                "person_id": person.person_id,
                "order_id": each.invitation_id,
                "name": person.name,
                "email": person.email,
                "locale": person.locale,
                "company": "",
                "country": "",
            }
            for each, person in zip(made, persons, strict=True)
        ],
    )


def load_invitation(connection: sa.Connection, invitation_id: str) -> tuple[Invitation, str]:
    """An invitation and the secret of its link. Raises `NotFound`."""
    return _found(connection.execute(_BY_ID, {"invitation_id": invitation_id}).first())


def lock_invitation(tx: Transaction, invitation_id: str) -> Invitation:
    """To be changed; locked before quotas. Raises `NotFound`."""
    return _found(tx.execute(_LOCK, {"invitation_id": invitation_id}).first())[0]


def save_invitation(tx: Transaction, invitation: Invitation) -> None:
    values = {"guests": invitation.guests, "revoked_at": invitation.revoked_at}
    tx.execute(_SAVE, {"b_invitation_id": invitation.invitation_id, **values})


def invitations_of(connection: sa.Connection, conference_id: str) -> list[Any]:
    """Rows of invitations with `name`, `email` (None: erased) and `used`, which is 1 for who accepted."""
    return list(connection.execute(_OF_CONFERENCE, {"conference_id": conference_id}))


def _found(row: Any) -> tuple[Invitation, str]:
    if row is None:
        raise NotFound("There is no such invitation, or the link to it is not complete.")
    facts = {name: getattr(row, name) for name in Invitation.__slots__}
    return Invitation(**facts), str(row.secret)
