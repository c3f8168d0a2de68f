"""The errand `send`: one message, from due to the last word about it.

What it needs from others is fetched first, while no transaction is open. Then `sending` is committed with the Message-ID, the mail
is handed over, and what came of it is committed. A crash in between leaves `sending`: found again, it becomes `unknown`.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from datetime import datetime, time, timedelta
from email.utils import parseaddr

from services.notification import store
from services.notification.domain.message import Message, State
from services.notification.letters import Finished, Nobody, PostOffice, write_letter
from services.notification.mailer import Unanswered, Undeliverable
from services.notification.mime import as_bytes, build, clean_address, make_mime_id
from shared.database import Transaction
from shared.errors import InvalidInput, NotFound, Unavailable
from shared.events import Event
from shared.service import Errand

KEEP_LETTERS = timedelta(days=30)
TRIES = 5
"""After so many tries, an error of our own or of another service's answer makes the message failed, where a person sees it."""
logger = logging.getLogger(__name__)


def send(errand: Errand, office: PostOffice) -> None:
    """Send the message `errand.subject`. Raises `Unavailable` while it has to wait for something."""
    try:
        with office.database.reading() as connection:
            message = store.load_message(connection, errand.subject)
    except NotFound:
        return
    message.look(office.runtime.clock.now())
    if message.state is not State.DUE:
        _settle(errand, office)
        return
    office.mailer.reach()
    mime_id = make_mime_id(message.message_id, message.tries + 1, office.sender)
    try:
        finished = write_letter(message, office)
        data = as_bytes(build(finished.mail(office.sender, mime_id, office.runtime.clock.now())))
    except Nobody as nobody:
        _suppress(errand, office, str(nobody.facts["reason"]))
    except Unavailable:
        raise
    except Exception as error:
        is_address = isinstance(error, InvalidInput) and bool(error.facts.get("address"))
        if not is_address and errand.tries < TRIES:
            raise
        logger.warning("message %s cannot be written: %s", message.message_id, type(error).__name__)
        _give_up(errand, office, "address" if is_address else f"not written: {type(error).__name__}")
    else:
        _hand_over(errand, office, finished, mime_id, data)


def _hand_over(errand: Errand, office: PostOffice, finished: Finished, mime_id: str, data: bytes) -> None:
    """`sending` is committed, then the network, then what came of it."""
    with office.database.transaction() as tx:
        message = store.lock_message(tx, errand.subject)
        if message.state is not State.DUE:
            errand.done(tx)
            return
        message.begin(tx.now, mime_id)
        store.save_message(tx, message)
        store.begin_attempt(tx, message)
        _keep(tx, message, finished, office.mailer.keeps_attachments)
    try:
        office.mailer.deliver(clean_address(parseaddr(office.sender)[1]), finished.address, data)
    except Unavailable as error:
        with office.database.transaction() as tx:
            message = store.lock_message(tx, errand.subject)
            message.put_back(tx.now, str(error)[:200])
            _note(tx, message, mime_id)
        raise
    except Undeliverable as error:
        with office.database.transaction() as tx:
            message = store.lock_message(tx, errand.subject)
            _note(tx, message, mime_id, *message.fail(tx.now, str(error)[:200]))
            errand.done(tx)
    except Unanswered:
        with office.database.transaction() as tx:
            message = store.lock_message(tx, errand.subject)
            _note(tx, message, mime_id, *message.lose(tx.now))
            errand.done(tx)
    else:
        with office.database.transaction() as tx:
            message = store.lock_message(tx, errand.subject)
            _note(tx, message, mime_id, *message.arrive(tx.now))
            errand.done(tx)


def _note(tx: Transaction, message: Message, mime_id: str, *events: Event) -> None:
    store.save_message(tx, message)
    store.end_attempt(tx, message, mime_id)
    tx.publish(*events)


def _settle(errand: Errand, office: PostOffice) -> None:
    """It is not to be sent (any more): too late, too old, found `sending` after a crash, or settled by somebody else."""
    with office.database.transaction() as tx:
        message = store.lock_message(tx, errand.subject)
        _note(tx, message, message.mime_id, *message.look(tx.now))
        if message.state is not State.DUE:
            errand.done(tx)


def _suppress(errand: Errand, office: PostOffice, reason: str) -> None:
    with office.database.transaction() as tx:
        message = store.lock_message(tx, errand.subject)
        if message.state is State.DUE:
            message.suppress(tx.now, reason)
            store.save_message(tx, message)
        errand.done(tx)


def _give_up(errand: Errand, office: PostOffice, reason: str) -> None:
    with office.database.transaction() as tx:
        message = store.lock_message(tx, errand.subject)
        if message.state is State.DUE:
            tx.publish(*message.fail(tx.now, reason))
            store.save_message(tx, message)
        errand.done(tx)


def _keep(tx: Transaction, message: Message, finished: Finished, whole: bool) -> None:
    """Keep the letter for viewing: the files' contents only where this is all there is of the mail."""
    files: list[dict[str, object]] = []
    for item in finished.attachments:
        kept: dict[str, object] = {
            "filename": item.filename,
            "content_type": item.content_type,
            "size": len(item.content),
        }
        files.append({**kept, "base64": b64encode(item.content).decode()} if whole else kept)
    store.keep_letter(
        tx,
        {
            "message_id": message.message_id,
            "recipient": message.recipient,
            "name": finished.name,
            "email": finished.address,
            "locale": finished.locale,
            "headers": dict(finished.headers),
            "subject_line": finished.letter.subject,
            "text": finished.letter.text,
            "html": finished.letter.html,
            "attachments": files,
            "written_at": tx.now,
        },
    )
    tx.schedule("forget_letter", message.message_id, _midnight_after(tx.now + KEEP_LETTERS))


def _midnight_after(moment: datetime) -> datetime:
    """What may go some day goes together, at midnight."""
    return datetime.combine(moment.date() + timedelta(days=1), time(), moment.tzinfo)
