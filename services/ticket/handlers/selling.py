"""Placing an order: everything that was seen is checked and set aside in one transaction, or nothing is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.ticket.domain.billing import Billing
from services.ticket.domain.conference import CONSENT_KINDS, AdmissionType, Conference
from services.ticket.domain.errors import VoucherUnknown
from services.ticket.domain.order import HOLD, MOST_ATTENDEES, Admission, Order, State, check_expected
from services.ticket.domain.student import STUDENT, check_of
from services.ticket.domain.tier import Ladder, Tier
from services.ticket.domain.transfer import TRANSFER
from services.ticket.domain.voucher import Kind, Voucher, covered_seats, tidy_code
from services.ticket.handlers.conferences import schedule_ladder
from services.ticket.handlers.names import remind_later
from services.ticket.handlers.redeeming import count_guess, drawn, lock_again, look_up_for, reserved_by
from services.ticket.handlers.transfers import await_transfer
from services.ticket.store import conferences, orders, students, transfers, vouchers
from shared.database import Database, Transaction
from shared.errors import Conflict, InvalidInput
from shared.events import Event
from shared.events.ticketing import TierClosed, TierOpened
from shared.money import Money, total

REFERENCE_LENGTH = 8
CARD = "card"
FREE = "free"


@dataclass(frozen=True, slots=True)
class AttendeeWish:
    name: str
    email: str
    admission_type: str


@dataclass(frozen=True, slots=True)
class OrderWish:
    """What a buyer asks for. `consents`: kind of text -> its version, or True for the newest.

    `client`: who asks, to limit guessing at vouchers.
    """

    email: str
    attendees: tuple[AttendeeWish, ...]
    locale: str = "en"
    buyer_name: str = ""
    company: str = ""
    country: str = ""
    payment_method: str = CARD
    billing: Billing = Billing()
    voucher: str = ""
    expected_total: Money | None = None
    consents: Mapping[str, int | bool] = field(default_factory=dict)
    client: str = ""

    def check(self) -> None:
        """Raises `InvalidInput`. The form of addresses and names was checked where they came in."""
        if not 1 <= len(self.attendees) <= MOST_ATTENDEES:
            sentence = f"An order has 1 to {MOST_ATTENDEES} attendees."
            raise InvalidInput(sentence, errors={"attendees": [sentence]})
        errors = {
            f"attendees.{position}.name": ["Please fill this in."]
            for position, each in enumerate(self.attendees)
            if not each.name.strip() and (position == 0 or not self.billing.is_company)
        }
        if errors:
            raise InvalidInput("Only a company may name its people later, and not the first of them.", errors=errors)
        if self.payment_method not in (CARD, TRANSFER):
            sentence = "Pay by card or by transfer."
            raise InvalidInput(sentence, errors={"payment_method": [sentence]})


@dataclass(frozen=True, slots=True)
class Placed:
    """What the buyer gets to know; the same again for the same request under the same key."""

    reference: str
    secret: str
    status: str
    total: Money
    hold_expires_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "reference": self.reference,
            "secret": self.secret,
            "status": self.status,
            "total": [self.total.amount, self.total.currency],
            "hold_expires_at": self.hold_expires_at.isoformat(),
        }

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Placed:
        return cls(
            answer["reference"],
            answer["secret"],
            answer["status"],
            Money(*answer["total"]),
            datetime.fromisoformat(answer["hold_expires_at"]),
        )


class _Overtaken(Conflict):
    """The same request, sent twice at once, committed first: this one is rolled back and gets its answer."""


def place_order(database: Database, slug: str, wish: OrderWish, key: str = "", digest: str = "") -> Placed:
    """Hold what is asked for, at the price that was seen. A free order is paid at once.

    `key` is the request's idempotency key and `digest` says what was asked under it: the same again gets the same answer,
    anything else is a `Conflict`. What was refused can be tried again under the same key.

    Raises `NotFound`, `InvalidInput`, `PriceChanged`, `NotEnoughLeft`, `SoldOut`, `NotOnSale`, `VoucherUnknown`,
    `VoucherUsedUp`, `VoucherExpired`, `TooMany`; nothing is held then.
    """
    wish.check()
    scoped = f"{slug}:{key}" if key else ""
    try:
        with database.transaction("buyer") as tx:
            if scoped and (known := orders.answer_under(tx.connection, scoped, tx.now)):
                return _same_again(known, digest)
            placed = _place(tx, conferences.conference_by_slug(tx.connection, slug), wish)
            if scoped:
                overtaken = _Overtaken("The same request was quicker.")
                orders.keep_answer(tx, scoped, digest, placed.as_json(), overtaken)
        return placed
    except VoucherUnknown:
        count_guess(database, slug, wish.client, tidy_code(wish.voucher))
        raise
    except _Overtaken:
        pass
    with database.reading() as connection:
        known = orders.answer_under(connection, scoped, database.clock.now())
    if known is None:
        raise Conflict("Another request under this key is being worked on: try again in a moment.")
    return _same_again(known, digest)


def _same_again(known: orders.Answer, digest: str) -> Placed:
    if known.request != digest:
        raise Conflict("This Idempotency-Key was used for another order: take a new key for a new order.")
    return Placed.from_json(known.answer)


def _place(tx: Transaction, conference: Conference, wish: OrderWish) -> Placed:
    if conference.called_off_at is not None:
        raise Conflict(f"{conference.name} was called off: no tickets are sold any more.")
    known = _types(conference, wish)
    consents = _accepted(tx, conference, wish)
    types = [each.admission_type for each in wish.attendees]
    code = tidy_code(wish.voucher)
    voucher = look_up_for(tx.connection, conference.conference_id, code, types, tx.now, wish.client) if code else None
    covered = covered_seats(types, voucher)
    on_ladder = [
        each for at, each in enumerate(types) if voucher is None or at not in covered or voucher.lot.needs_tier
    ]
    _check_hidden(wish, known, covered)
    counts = Counter(on_ladder)

    ladders = conferences.lock_ladders(tx, conference.conference_id, counts)
    quotas = conferences.lock_quotas(tx, conference.conference_id, known)
    if voucher:
        voucher = lock_again(tx, voucher, len(covered))
    reserved = reserved_by(voucher, len(covered))
    for quota in quotas:
        quota.check(drawn(quota, Counter(types), reserved))
    events: list[Event] = []
    sold_at: dict[str, Tier] = {}
    for admission_type, count in sorted(counts.items()):
        if admission_type not in ladders:
            raise _needs_voucher(admission_type)
        sold_at[admission_type], turned = ladders[admission_type].take(count, tx.now)
        events += turned
    seats = _seats(tx, conference, wish, sold_at, voucher, covered)
    _check_students(tx, conference, wish, seats)
    asked = total([seat.price for seat in seats], conference.currency)
    wish.billing.check(asked, wish.payment_method == TRANSFER)
    check_expected(wish.expected_total, [seat.price for seat in seats], conference.currency)
    for quota in quotas:
        quota.take(drawn(quota, Counter(types), reserved))

    buyer = orders.Person(
        tx.ids.new("per", tx.now),
        wish.buyer_name or wish.attendees[0].name,
        wish.email,
        wish.locale,
        wish.company,
        wish.country,
    )
    persons = [buyer]
    for seat, attendee in zip(seats, wish.attendees, strict=True):
        persons.append(orders.Person(seat.attendee, attendee.name.strip(), attendee.email or wish.email, wish.locale))
    order = Order(
        order_id=tx.ids.new("ord", tx.now),
        conference_id=conference.conference_id,
        reference=tx.ids.code(REFERENCE_LENGTH),
        currency=conference.currency,
        buyer=buyer.person_id,
        payment_method=wish.payment_method,
        created_at=tx.now,
        hold_expires_at=tx.now + HOLD,
        admissions=seats,
        vat=(),
        lot_id=voucher.lot.lot_id if voucher else None,
        voucher_code=voucher.code if voucher else None,
    )
    if voucher:
        events += voucher.redeem(order.order_id, len(covered), tx.now)[1]
        vouchers.save_voucher(tx, voucher)
    said = order.hold()
    if not order.total:
        order.payment_method = FREE
        said += order.pay(tx.now)
    elif order.payment_method == TRANSFER:
        said += await_transfer(tx, conference, order, wish.billing.is_company, sold_at.values())
    secret = tx.ids.secret()
    orders.record_order(tx, order, secret, wish.locale, consents, persons)
    if not all(attendee.name.strip() for attendee in wish.attendees):
        remind_later(tx, conference, order.order_id)
    if wish.billing != Billing():
        transfers.record_billing(tx, order.order_id, wish.billing)
        if order.state == State.PLACED and wish.billing.is_asked_for:
            tx.schedule("bill_order", order.order_id, tx.now)
    _save_ladders(tx, ladders, sold_at, events, conference)
    conferences.save_quotas(tx, quotas)
    if order.state == State.HELD:
        tx.schedule("end_hold", order.order_id, order.hold_expires_at)
    tx.publish(*said, *events)
    return Placed(order.reference, secret, str(order.state), order.total, order.hold_expires_at)


def _save_ladders(
    tx: Transaction,
    ladders: Mapping[str, Ladder],
    sold_at: Mapping[str, Tier],
    events: list[Event],
    conference: Conference,
) -> None:
    """The tiers that sold; all of a ladder where one tier gave way to the next, and its timers then."""
    turned = {event.admission_type for event in events if isinstance(event, TierOpened | TierClosed)}
    conferences.save_tiers(tx, [tier for admission_type, tier in sold_at.items() if admission_type not in turned])
    conferences.save_ladders(tx, [ladders[admission_type] for admission_type in sorted(turned)])
    for admission_type in sorted(turned):
        schedule_ladder(tx, ladders[admission_type], conference.time_zone)


def _types(conference: Conference, wish: OrderWish) -> dict[str, AdmissionType]:
    """The types that are asked for. Raises `InvalidInput` for one that this conference does not have."""
    known = {each.code: each for each in conference.admission_types}
    shown = ", ".join(each.code for each in conference.admission_types if not each.is_hidden)
    errors = {
        f"attendees.{position}.admission_type": [f"There is no such ticket. There are: {shown}."]
        for position, each in enumerate(wish.attendees)
        if each.admission_type not in known
    }
    if errors:
        raise InvalidInput("This conference has no such ticket.", errors=errors)
    return {each.admission_type: known[each.admission_type] for each in wish.attendees}


def _check_hidden(wish: OrderWish, known: Mapping[str, AdmissionType], covered: Collection[int]) -> None:
    """A hidden type is had by voucher only. Raises `InvalidInput`, as for a type without a price."""
    for position, each in enumerate(wish.attendees):
        if known[each.admission_type].is_hidden and position not in covered:
            raise _needs_voucher(each.admission_type)


def _needs_voucher(admission_type: str) -> InvalidInput:
    sentence = f"{admission_type} can only be had with a voucher."
    return InvalidInput(sentence, errors={"voucher": ["A voucher is needed."]})


def _accepted(tx: Transaction, conference: Conference, wish: OrderWish) -> dict[str, Any]:
    """The versions of the texts that were accepted, as they stay with the order."""
    wanted = {kind: version for kind, version in wish.consents.items() if version is not False}
    if not wanted:
        return {}
    texts = conferences.legal_texts_of(tx.connection, conference.conference_id)
    accepted: dict[str, Any] = {}
    for kind, version in wanted.items():
        newest = max((text.version for (each, _), text in texts.items() if each == kind), default=None)
        if kind not in CONSENT_KINDS or newest is None:
            raise InvalidInput("There is no such text.", errors={"consents": [f"There is no text {kind!r}."]})
        if version is not True and version != newest:
            raise Conflict("This text was changed while you were reading: please look at it again.", kind=kind)
        accepted[kind] = {"version": newest, "accepted_at": tx.now.isoformat()}
    return accepted


def _check_students(tx: Transaction, conference: Conference, wish: OrderWish, seats: list[Admission]) -> None:
    """An academic address confirms a student at once; the others show their id at the door."""
    if all(seat.admission_type != STUDENT for seat in seats):
        return
    domains = students.domains_of(tx.connection, conference.conference_id)
    for seat, attendee in zip(seats, wish.attendees, strict=True):
        seat.student_check = check_of(seat.admission_type, attendee.email, domains)


def _seats(
    tx: Transaction,
    conference: Conference,
    wish: OrderWish,
    sold_at: Mapping[str, Tier],
    voucher: Voucher | None,
    covered: Collection[int],
) -> list[Admission]:
    seats = []
    for position, attendee in enumerate(wish.attendees):
        by_voucher = voucher if position in covered else None
        tier = sold_at.get(attendee.admission_type) if by_voucher is None or by_voucher.lot.needs_tier else None
        open_price = tier.price if tier else None
        price = by_voucher.lot.price(open_price, conference.currency) if by_voucher else open_price
        seats.append(
            Admission(
                admission_id=tx.ids.new("adm", tx.now),
                admission_type=attendee.admission_type,
                tier_id=tier.tier_id if tier else by_voucher.lot.tier_id if by_voucher else "",
                price=price or Money(0, conference.currency),
                attendee=tx.ids.new("per", tx.now),
                comp=by_voucher is not None and by_voucher.lot.kind is Kind.FREE,
                by_voucher=by_voucher is not None,
                vat_rate=conference.admission_type(attendee.admission_type).vat_rate,
                days=conference.days_of(attendee.admission_type),
            )
        )
    return seats
