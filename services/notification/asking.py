"""The use cases of people and staff: ask for a reminder, confirm it, take it back; release a mail, send it again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from contextlib import suppress

from services.notification import people, store
from services.notification.domain import rule as rules
from services.notification.domain.consent import (
    ASKS_PER_ADDRESS,
    ASKS_PER_CLIENT,
    ASKS_WITHIN,
    CONFIRM_WITHIN,
    KEEP_AFTER_DOORS,
    Consent,
    ConsentState,
    Topic,
)
from services.notification.domain.message import Message, Occasion
from services.notification.letters import CONFIRM, UNSUBSCRIBE
from services.notification.mime import clean_address
from services.notification.occasions import make_due
from shared.database import Database, Transaction
from shared.errors import Conflict, Gone, NotFound, TooMany, Unauthorized
from shared.events import StaffActed
from shared.runtime import Runtime
from shared.web.i18n import N_


def ask_for_reminder(
    runtime: Runtime, database: Database, *, conference_id: str, email: str, locale: str, client: str
) -> None:
    """Somebody wants to be told before the price rises: a mail asks them to confirm.

    Known or not, confirmed or not, asked too often for this address: the caller learns no difference. Raises `InvalidInput` for no
    address, `NotFound` for no conference, `TooMany` for a client that asks without end.
    """
    address = clean_address(email)
    key = runtime.settings.secret.encode()
    digests = [
        hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
        for kind, value in (("client", client), ("address", f"{conference_id}:{people.key_of(address)}"))
    ]
    with database.transaction() as tx:
        if store.load_conference(tx.connection, conference_id) is None:
            raise NotFound(N_("There is no such conference."))
        by_client, by_address = people.note_ask(tx, digests[0], digests[1], tx.now - ASKS_WITHIN)
        if by_client <= ASKS_PER_CLIENT and by_address <= ASKS_PER_ADDRESS:
            _ask(tx, conference_id, address, locale)
    if by_client > ASKS_PER_CLIENT:
        raise TooMany(N_("You asked very often today. Please try again tomorrow."), retry_after=86_400)


def _ask(tx: Transaction, conference_id: str, address: str, locale: str) -> None:
    person_id = people.meet(tx, address, locale)
    consent = people.lock_consent_of(tx, conference_id, person_id, Topic.PRICE_RISES)
    if consent is None:
        consent_id = tx.ids.new("cns", tx.now)
        consent = Consent(consent_id, conference_id, person_id, Topic.PRICE_RISES, ConsentState.PENDING, tx.now)
    elif not consent.ask(tx.now):
        return
    people.save_consent(tx, consent)
    occasion = Occasion(
        rule=rules.CONSENT_CONFIRM,
        subject=consent.consent_id,
        occurrence=f"ask-{consent.asks}",
        recipient=f"notification:{person_id}",
        conference_id=conference_id,
        happened_at=tx.now,
        facts={"ask": consent.asks},
    )
    make_due(tx, occasion)
    tx.schedule("forget_unconfirmed", consent.consent_id, consent.asked_at + CONFIRM_WITHIN)


def look_up(runtime: Runtime, database: Database, purpose: str, token: str) -> tuple[Consent, int]:
    """The consent and the ask that a link is about. Raises `Gone` where it is over or forgotten, `NotFound` where it is none."""
    try:
        claims = runtime.signer(purpose).verify(token, runtime.clock.now())
    except Unauthorized as error:
        if error.facts.get("expired"):
            raise Gone(N_("This link is no longer good. Ask for the reminder again.")) from error
        raise NotFound(N_("This link is not one of ours. Copy it whole from the mail.")) from error
    with database.reading() as connection:
        consent = people.load_consent(connection, str(claims.get("consent")))
    if consent is None:
        raise Gone(N_("This link is no longer good: we keep nothing of you here."))
    return consent, int(claims.get("ask", 0))


def confirm(runtime: Runtime, database: Database, token: str) -> Consent:
    """The button on the page that the link opened."""
    found, ask = look_up(runtime, database, CONFIRM, token)
    with database.transaction() as tx:
        consent = people.lock_consent(tx, found.consent_id)
        if consent is None:
            raise Gone(N_("This link is no longer good. Ask for the reminder again."))
        consent.confirm(tx.now, ask)
        people.save_consent(tx, consent)
        tx.unschedule("forget_unconfirmed", consent.consent_id)
        conference = store.load_conference(tx.connection, consent.conference_id)
        kept_until = conference.doors_at + KEEP_AFTER_DOORS if conference else tx.now + KEEP_AFTER_DOORS
        tx.schedule("forget_consent", consent.consent_id, kept_until)
    return consent


def unsubscribe(runtime: Runtime, database: Database, token: str) -> Consent:
    """One click, by a person or by their mail program: the signed link is the proof."""
    found, _ask_number = look_up(runtime, database, UNSUBSCRIBE, token)
    with database.transaction() as tx:
        consent = people.lock_consent(tx, found.consent_id) or found
        consent.withdraw(tx.now)
        people.save_consent(tx, consent)
    return consent


def release(database: Database, message_id: str, staff_id: str, actor: str) -> Message:
    """A person looked at a held mail and wants it sent. Raises `Conflict` where it is not held any more."""
    with database.transaction(actor) as tx:
        message = store.lock_message(tx, message_id)
        message.release(tx.now, actor)
        store.save_message(tx, message)
        tx.schedule("send", message.message_id, tx.now)
        tx.publish(_acted(message, staff_id, "mail.released"))
    return message


def release_all(database: Database, message_ids: Sequence[str], staff_id: str, actor: str) -> int:
    """Release these mails, those that are not held any more aside; returns how many."""
    released = 0
    for message_id in message_ids:
        with suppress(Conflict):
            release(database, message_id, staff_id, actor)
            released += 1
    return released


def send_again(database: Database, message_id: str, staff_id: str, actor: str, email: str = "") -> Message:
    """Make a new mail about the same thing, knowingly; with `email`, correct the address of one of our own people first.

    Raises `Conflict` where it was not sent yet, `InvalidInput` for no address.
    """
    address = clean_address(email) if email else ""
    with database.transaction(actor) as tx:
        message = store.lock_message(tx, message_id)
        if address:
            _correct(tx, message, address)
        number = store.count_repetitions(tx, message) + 1
        again = message.again(tx.now, tx.ids.new("msg", tx.now), number, actor)
        if not store.record_message(tx, again):
            raise Conflict(N_("Somebody else had this mail sent again at the same moment."))
        tx.schedule("send", again.message_id, tx.now)
        tx.publish(_acted(message, staff_id, "mail.sent_again", again=again.message_id))
    return again


def _correct(tx: Transaction, message: Message, address: str) -> None:
    service, _, person_id = message.recipient.partition(":")
    if service != "notification":
        raise Conflict(N_("This address is corrected where the person is known: in the order, or with the sponsor."))
    if not people.correct_address(tx, person_id, address):
        raise Conflict(N_("Somebody else has this address."))


def _acted(message: Message, staff_id: str, action: str, **facts: str) -> StaffActed:
    return StaffActed(
        conference_id=message.conference_id,
        staff_id=staff_id,
        action=action,
        subject=message.message_id,
        facts={"rule": message.rule, **facts},
    )
