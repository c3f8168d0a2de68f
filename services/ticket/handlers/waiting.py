"""The waiting list: whatever comes back is offered to who is next in the same transaction, so that nobody passes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.ticket.domain.conference import Conference
from services.ticket.domain.quota import Quota
from services.ticket.domain.tier import Ladder
from services.ticket.domain.voucher import CODE_LENGTH, Kind, Purpose, VoucherLot
from services.ticket.domain.waitlist import Entry, Waiting, check_free, is_sold_out, next_in_line, offer_until
from services.ticket.handlers.conferences import schedule_ladder
from services.ticket.store import conferences, holders, vouchers, waiting
from services.ticket.store.orders import Person
from services.ticket.store.waiting import Line
from shared.database import Database, Transaction
from shared.errors import Conflict, InvalidInput, NotFound, TooMany
from shared.service import Timer
from shared.web.i18n import N_

PER_CLIENT = 30
"""So many may join a day from one network: enough for an institute, too few to fill a list with inventions."""
LOOK_AGAIN = timedelta(minutes=1)
"""After somebody joined: what came back in the very moment the first list was made is found then."""


def join_waitlist(
    database: Database, slug: str, admission_type: str, name: str, email: str, locale: str, client: str = ""
) -> bool:
    """Stand in line for a type that is sold out. False for an address that waits already: its holder is written to once.

    Raises `Conflict` where there is something left to buy, `InvalidInput` for a type that nobody can buy, `TooMany` for a
    `client` that entered very many today.
    """
    with database.transaction("buyer") as tx:
        asks = holders.note_ask(tx, "waitlist", client) if client else 0
    if asks > PER_CLIENT:
        raise TooMany(
            N_("Very many people joined from your network today. Please try again tomorrow."), retry_after=86_400
        )
    with database.transaction("buyer") as tx:
        conference = conferences.conference_by_slug(tx.connection, slug)
        waitlist_id = waiting.ensure_list(tx, conference.conference_id, admission_type)
    with database.transaction("buyer") as tx:
        line = waiting.lock_line(tx, conference.conference_id)
        if waiting.stands_in_line(tx.connection, conference.conference_id, admission_type, email):
            return False
        ladders, quotas = lock_capacity(tx, line, [admission_type])
        _check_sold_out(conference, admission_type, ladders, quotas, tx.now)
        entry = Entry(
            entry_id=tx.ids.new("wai", tx.now),
            waitlist_id=waitlist_id,
            conference_id=conference.conference_id,
            admission_type=admission_type,
            person=tx.ids.new("per", tx.now),
            joined_at=tx.now,
        )
        waiting.record_entry(tx, entry, tx.ids.secret(), Person(entry.person, name, email, locale))
        tx.publish(*entry.join())
        tx.schedule("serve_waitlist", conference.conference_id, tx.now + LOOK_AGAIN)
    return True


def leave_waitlist(database: Database, entry_id: str, actor: str = "buyer") -> None:
    """Out of the line; an offer passes on. Raises `Conflict` where it is over, or the offer is ordered already."""
    with database.reading() as connection:
        seen, _ = waiting.load_entry(connection, entry_id)
    with database.transaction(actor) as tx:
        line = waiting.lock_line(tx, seen.conference_id)
        entry, _ = waiting.load_entry(tx.connection, entry_id)
        ladders, quotas = lock_capacity(tx, line, [entry.admission_type])
        if entry.state is Waiting.OFFERED:
            lot = vouchers.lock_lot(tx, entry.lot_id)
            unused = vouchers.unused_of(tx.connection, lot.lot_id)
            if not unused:
                raise Conflict("You have ordered this ticket already.")
            give_back_kept(lot, unused, ladders, quotas)
            lot.revoked_at = tx.now
            vouchers.save_lot(tx, lot)
        tx.publish(*entry.leave(tx.now))
        waiting.save_entries(tx, [entry])
        line.entries = [each for each in line.entries if each.entry_id != entry_id]
        serve_line(tx, line, ladders, quotas)
        save_capacity(tx, ladders, quotas)


def offer_now(tx: Transaction, conference_id: str, entry_id: str) -> None:
    """By hand, out of turn. Raises `SoldOut` where nothing is free, `NotFound`, `Conflict` where they do not wait."""
    line = waiting.lock_line(tx, conference_id)
    entry, _ = waiting.load_entry(tx.connection, entry_id)
    if entry.conference_id != conference_id:
        raise NotFound("There is no such place in a line.")
    ladders, quotas = lock_capacity(tx, line, [entry.admission_type])
    check_free(entry.admission_type, ladders, quotas, tx.now)
    _offer(tx, conferences.conference_by_id(tx.connection, conference_id), entry, ladders, quotas)
    save_capacity(tx, ladders, quotas)


def serve_waitlist(timer: Timer, tx: Transaction) -> None:
    """Look whether something is free for who waits."""
    line = waiting.lock_line(tx, timer.subject)
    if line.entries:
        ladders, quotas = lock_capacity(tx, line, ())
        serve_line(tx, line, ladders, quotas)
        save_capacity(tx, ladders, quotas)


def serve_line(tx: Transaction, line: Line, ladders: Mapping[str, Ladder], quotas: Sequence[Quota]) -> None:
    """Offer what is free to who is next. Everything is locked; the caller saves ladders and quotas afterwards."""
    if not line.entries:
        return
    conference = conferences.conference_by_id(tx.connection, line.conference_id)
    if conference.called_off_at is not None:
        return
    if offer_until(conference.doors_at, tx.now) is None:
        return
    for entry in next_in_line(line.entries, ladders, quotas, tx.now):
        _offer(tx, conference, entry, ladders, quotas)


def end_offer(tx: Transaction, lot: VoucherLot, unused: int) -> None:
    """The time to accept is over. Under the line's lock; what it kept was given back."""
    entry = waiting.entry_of_lot(tx.connection, lot.lot_id)
    if entry is not None:
        tx.publish(*entry.end_offer(unused == 0, tx.now))
        waiting.save_entries(tx, [entry])


def lock_capacity(tx: Transaction, line: Line, types: Sequence[str]) -> tuple[dict[str, Ladder], list[Quota]]:
    """Ladders and quotas of these types and of all that somebody waits for."""
    wanted = {*types, *line.types}
    ladders = conferences.lock_ladders(tx, line.conference_id, wanted)
    return ladders, conferences.lock_quotas(tx, line.conference_id, wanted)


def save_capacity(tx: Transaction, ladders: Mapping[str, Ladder], quotas: Sequence[Quota]) -> None:
    conferences.save_ladders(tx, ladders.values())
    conferences.save_quotas(tx, quotas)


def give_back_kept(lot: VoucherLot, unused: int, ladders: Mapping[str, Ladder], quotas: Sequence[Quota]) -> None:
    """What a lot keeps and nobody used, to its quotas and, where it kept the price of a tier, to that tier."""
    if not lot.keeps or not unused:
        return
    for quota in quotas:
        if lot.admission_type in quota.admission_types:
            quota.give_back(unused)
    if lot.tier_id:
        ladders[lot.admission_type].give_back(lot.tier_id, unused)


def _offer(
    tx: Transaction, conference: Conference, entry: Entry, ladders: Mapping[str, Ladder], quotas: Sequence[Quota]
) -> None:
    """Keep a place and the price of the tier that is open for this person, as a voucher of their own."""
    until = offer_until(conference.doors_at, tx.now)
    if until is None:
        raise Conflict("The conference has begun: nothing is offered any more.")
    ladder = ladders[entry.admission_type]
    tier, events = ladder.take(1, tx.now)
    for quota in quotas:
        if entry.admission_type in quota.admission_types:
            quota.take(1)
    lot = VoucherLot(
        lot_id=tx.ids.new("lot", tx.now),
        conference_id=conference.conference_id,
        admission_type=entry.admission_type,
        count=1,
        kind=Kind.FIXED,
        value=tier.price.amount,
        reserves=True,
        expires_at=until,
        purpose=Purpose.OFFER,
        tier_id=tier.tier_id,
    )
    vouchers.record_lot(tx, lot, [tx.ids.code(CODE_LENGTH)])
    tx.schedule("end_vouchers", lot.lot_id, until)
    if events:
        schedule_ladder(tx, ladder, conference.time_zone)
    tx.publish(*events, *lot.issued(), *entry.offer(lot.lot_id, tier.price, until))
    waiting.save_entries(tx, [entry])


def _check_sold_out(
    conference: Conference,
    admission_type: str,
    ladders: Mapping[str, Ladder],
    quotas: Sequence[Quota],
    now: datetime,
) -> None:
    if conference.called_off_at is not None or now >= conference.doors_at:
        raise Conflict("Nothing is sold any more.")
    if admission_type not in ladders:
        sentence = "There is no such ticket to wait for."
        raise InvalidInput(sentence, errors={"admission_type": [sentence]})
    if not is_sold_out(admission_type, ladders, quotas, now):
        raise Conflict("There are tickets left: order yours.")
