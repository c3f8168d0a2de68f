"""What staff do with their accounts: join, sign in and out, stay signed in, invite, revoke; and tokens for machines.

Each is one transaction and one line of the audit trail. Passwords are hashed before a transaction begins: it takes its time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.console import store
from services.console.domain import account as rules
from shared.database import Database, Transaction
from shared.errors import Conflict, Gone, InvalidInput, NotFound, TooMany, Unauthorized
from shared.events import StaffActed
from shared.logs import get_logger
from shared.web.i18n import gettext as _
from shared.web.staff import ROLES, Staff

logger = get_logger(__name__)
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys() -> str:
    """A hash that is checked where no account is, so that the answer takes as long."""
    return HASHER.hash("nobody has this password")


def acted(tx: Transaction, staff_id: str, action: str, subject: str, **facts: str) -> None:
    """A line of the audit trail."""
    tx.publish(StaffActed(staff_id=staff_id, action=action, subject=subject, facts=facts))


def invite_first(database: Database) -> str | None:
    """The secret of a link that makes the first account, None once there is one. An older such link ends."""
    with database.reading() as connection:
        if store.any_account(connection):
            return None
    with database.transaction() as tx:
        if store.any_account(tx.connection):
            return None
        store.add_invitation(tx, secret := tx.ids.secret(), {"*": list(ROLES)}, "", tx.now + rules.INVITATION)
    return secret


def invite(database: Database, by: Staff, roles: Mapping[str, Sequence[str]]) -> str:
    """The secret of a one-time link for somebody with these roles (by conference, `*` for all)."""
    if not any(roles.values()) or any(role not in ROLES for held in roles.values() for role in held):
        raise InvalidInput(_("Choose at least one role."), errors={"role": [_("Choose at least one role.")]})
    with database.transaction(by.actor) as tx:
        store.add_invitation(tx, secret := tx.ids.secret(), roles, by.id, tx.now + rules.INVITATION)
        acted(tx, by.id, "invited_staff", by.id, **{place: ", ".join(held) for place, held in roles.items()})
    return secret


def invitation(database: Database, secret: str) -> dict[str, list[str]]:
    """The roles that a link gives. Raises `Gone`."""
    with database.reading() as connection:
        roles = store.find_invitation(connection, secret, database.clock.now())
    if roles is None:
        raise Gone(_("This link was used already, or its 24 hours are over: ask for a new one."))
    return roles


def join(database: Database, secret: str, name: str, email: str, password: str) -> None:
    """Make the account that a one-time link stands for. Raises `Gone`, `InvalidInput` by field."""
    sentences = {
        "short": _("Please take at least %(count)s characters.", count=rules.SHORTEST_PASSWORD),
        "long": _("Please take at most %(count)s characters.", count=rules.LONGEST_PASSWORD),
        "guessable": _("This is too easy to guess: take several words that do not belong together."),
    }
    weak = rules.weakness(password, name, email)
    if weak:
        raise InvalidInput(sentences[weak], errors={"password": [sentences[weak]]})
    invitation(database, secret)
    hashed = HASHER.hash(password)
    try:
        with database.transaction() as tx:
            roles = store.take_invitation(tx, secret)
            if roles is None:
                raise Gone(_("This link was used already, or its 24 hours are over: ask for a new one."))
            staff_id = tx.ids.new("stf", tx.now)
            store.add_account(tx, staff_id, name, email, hashed)
            store.add_roles(tx, staff_id, roles)
            held = {place: ", ".join(each) for place, each in roles.items()}
            acted(tx, staff_id, "joined", staff_id, **held)
    except sa.exc.IntegrityError as error:
        sentence = _("There is an account with this address already.")
        raise InvalidInput(sentence, errors={"email": [sentence]}) from error


def sign_in(database: Database, email: str, password: str, client: str, key: bytes) -> tuple[Staff, str]:
    """Who it is, and the secret of a new session. `client` is where the request comes from; it is kept as a digest only.

    Raises `Unauthorized` with the same words and after the same work for a wrong password and an unknown address, `TooMany` after
    too many tries.
    """
    now = database.clock.now()
    by_address, by_client = _digest(key, "a", email.lower()), _digest(key, "c", client)
    with database.reading() as connection:
        since = now - rules.WINDOW
        tried = store.count_tries(connection, by_address, since), store.count_tries(connection, by_client, since)
        known = store.find_account(connection, email)
    if tried[0] >= rules.TRIES or tried[1] >= rules.CLIENT_TRIES:
        logger.warning("sign_in_refused", because="too many tries")
        minutes = int(rules.WINDOW.total_seconds() // 60)
        sentence = _("That were too many tries: please wait %(minutes)s minutes.", minutes=minutes)
        raise TooMany(sentence, retry_after=minutes * 60)
    right = _matches(known.password if known else _nobodys(), password)
    if known is None or not right:
        logger.warning("sign_in_refused", because="address or password")
        with database.transaction() as tx:
            store.add_tries(tx, [by_address, by_client], now - rules.WINDOW)
        raise Unauthorized(_("Address and password do not belong together."))
    renewed = HASHER.hash(password) if HASHER.check_needs_rehash(known.password) else None
    with database.transaction(f"console:{known.staff_id}") as tx:
        staff = store.load_staff(tx.connection, known.staff_id)
        if staff is None:
            raise Unauthorized(_("Address and password do not belong together."))
        store.forget_tries(tx, by_address)
        store.forget_sessions(tx, tx.now - rules.LONGEST)
        store.add_session(tx, secret := tx.ids.secret(), staff.id)
        if renewed:
            store.set_password(tx, staff.id, renewed)
        acted(tx, staff.id, "signed_in", staff.id)
    return staff, secret


def renew(database: Database, secret: str, *, touch: bool = True) -> Staff | None:
    """Who this session belongs to, with their roles of now; None where it is over. `touch`: somebody is at work."""
    now = database.clock.now()
    with database.reading() as connection:
        session = store.find_session(connection, secret) if secret else None
        staff = store.load_staff(connection, session.staff_id) if session else None
    if session is None or staff is None or not rules.stands(session.begun_at, session.seen_at, now):
        return None
    if touch:
        with database.transaction(staff.actor) as tx:
            store.touch_session(tx, secret)
    return staff


def sign_out(database: Database, secret: str) -> None:
    with database.transaction() as tx:
        staff_id = store.end_session(tx, secret)
        if staff_id:
            acted(tx, staff_id, "signed_out", staff_id)


def revoke(database: Database, by: Staff, staff_id: str) -> None:
    """Close an account at once. Raises `Conflict` for the last one that could invite others, `NotFound`."""
    with database.transaction(by.actor) as tx:
        if not store.count_organisers(tx, besides=staff_id):
            raise Conflict(_("This is the last organiser of all conferences: invite another one first."))
        if not store.revoke_account(tx, staff_id):
            raise NotFound(_("There is no such account, or it is closed already."))
        acted(tx, by.id, "revoked_staff", staff_id)


def make_token(database: Database, by: Staff, name: str) -> str:
    """A token for the event feed; it is shown once and kept as a digest."""
    with database.transaction(by.actor) as tx:
        secret = f"sdt_{tx.ids.secret()}"
        acted(tx, by.id, "made_api_token", store.add_token(tx, secret, name, by.id))
    return secret


def revoke_token(database: Database, by: Staff, token_id: str) -> None:
    with database.transaction(by.actor) as tx:
        if not store.revoke_token(tx, token_id):
            raise NotFound(_("There is no such token, or it is revoked already."))
        acted(tx, by.id, "revoked_api_token", token_id)


def _matches(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password[: rules.LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def _digest(key: bytes, kind: str, value: str) -> str:
    return hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
