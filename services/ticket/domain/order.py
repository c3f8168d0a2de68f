"""An order: up to ten admissions at a price that was seen, held, paid or given back.

    held ----> paid ----> cancelled          held: capacity and price are set aside until `hold_expires_at`
    held ----> placed --> paid               placed: it stands and waits for a transfer until `pay_by`
    held ----> lapsed --> paid               lapsed -> paid: money came late, and capacity was left
    placed --> lapsed

Money is beside it, in the ledger. A transition validates, changes and returns what happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from services.ticket.domain.errors import PriceChanged, money_fact
from services.ticket.domain.student import StudentCheck
from services.ticket.domain.vat import vat_of
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events import Event
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionIssued,
    AdmissionTransferred,
    OrderCancelled,
    OrderHeld,
    OrderLapsed,
    OrderLine,
    OrderPaid,
    OrderPlaced,
    VatAmount,
)
from shared.money import Money, total

MOST_ATTENDEES: Final = 10
HOLD: Final = timedelta(minutes=30)
LONGEST_HOLD: Final = timedelta(hours=24)
"""A hold whose payment Stripe cannot tell us about stays this long beyond its end, visibly, and no longer."""


class State(StrEnum):
    HELD = "held"
    PLACED = "placed"
    PAID = "paid"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.HELD: frozenset({State.PLACED, State.PAID, State.LAPSED}),
    State.PLACED: frozenset({State.PAID, State.LAPSED}),
    State.PAID: frozenset({State.CANCELLED}),
    State.LAPSED: frozenset({State.PAID}),
    State.CANCELLED: frozenset(),
}
TAKING: Final = frozenset({State.HELD, State.PLACED, State.PAID})
"""The states in which an order's admissions count against caps and quotas."""


@dataclass(slots=True)
class Admission:
    """One seat of an order; it admits once the order is paid. `attendee` is a person's id. Comp ones have no tier and no price.

    `by_voucher`: it used up one admission of the order's voucher, whatever that made it cost.
    `generation` counts how often it was passed on: codes and links of an earlier one open nothing any more.
    `cancelled_at`: it was given back, alone or with its whole order, and neither admits nor counts any more.
    `vat_rate`, in hundredths of a percent, is that of its sale, whatever its type is taxed with now; `days` are those it is for.
    """

    admission_id: str
    admission_type: str
    tier_id: str
    price: Money
    attendee: str
    comp: bool = False
    by_voucher: bool = False
    generation: int = 0
    cancelled_at: datetime | None = None
    student_check: StudentCheck = StudentCheck.NONE
    vat_rate: int = 0
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class PricedLine:
    """What is alike in an order and stands: so many of a type, at one gross price and one VAT rate."""

    code: str
    price: Money
    vat_rate: int
    count: int

    @property
    def gross(self) -> Money:
        return self.price * self.count


@dataclass(slots=True)
class Order:
    order_id: str
    conference_id: str
    reference: str
    currency: str
    buyer: str
    payment_method: str
    created_at: datetime
    hold_expires_at: datetime
    admissions: list[Admission]
    vat: tuple[VatAmount, ...]
    lot_id: str | None = None
    voucher_code: str | None = None
    state: State = State.HELD
    paid_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str = ""
    pay_by: datetime | None = None

    @property
    def total(self) -> Money:
        return total((admission.price for admission in self.admissions), self.currency)

    @property
    def voucher_count(self) -> int:
        """How many admissions of its voucher it uses."""
        return sum(admission.by_voucher for admission in self.live_admissions)

    @property
    def live_admissions(self) -> list[Admission]:
        """Those that were not given back."""
        return [admission for admission in self.admissions if admission.cancelled_at is None]

    def lines(self) -> tuple[OrderLine, ...]:
        counts: dict[tuple[str, str, Money], int] = {}
        for admission in self.admissions:
            key = (admission.admission_type, admission.tier_id, admission.price)
            counts[key] = counts.get(key, 0) + 1
        return tuple(OrderLine(kind, tier_id, count, price) for (kind, tier_id, price), count in counts.items())

    def priced_lines(self) -> list[PricedLine]:
        """What it comes to now: what was given back is left out. The one list for payments, documents and VAT."""
        alike = Counter((each.admission_type, each.price, each.vat_rate) for each in self.live_admissions)
        return [PricedLine(code, price, rate, count) for (code, price, rate), count in alike.items()]

    def tier_counts(self) -> dict[str, int]:
        """How many of each tier it takes; comp admissions are of none."""
        counts: dict[str, int] = {}
        for admission in self.live_admissions:
            if admission.tier_id:
                counts[admission.tier_id] = counts.get(admission.tier_id, 0) + 1
        return counts

    def type_counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for admission in self.live_admissions:
            counts[admission.admission_type] = counts.get(admission.admission_type, 0) + 1
        return counts

    def hold(self) -> list[Event]:
        """The first thing that happens to an order."""
        if not 1 <= len(self.admissions) <= MOST_ATTENDEES:
            raise InvalidInput(f"An order has 1 to {MOST_ATTENDEES} attendees.")
        self.vat = vat_of((line.vat_rate, line.gross) for line in self.priced_lines())
        held = OrderHeld(
            **self._facts(),
            lines=self.lines(),
            total=self.total,
            vat=self.vat,
            hold_expires_at=self.hold_expires_at,
            lot_id=self.lot_id,
        )
        return [held]

    def place(self, pay_by: datetime, now: datetime) -> list[Event]:
        """It stands and waits for a transfer, which the bank may book up to `pay_by`."""
        if pay_by <= now:
            raise InvalidInput("The day to pay by is to come.")
        self._move(State.PLACED)
        self.pay_by = pay_by
        return [self._placed(pay_by)]

    def extend(self, pay_by: datetime) -> list[Event]:
        """It may be paid later than it was told. Raises `InvalidInput` for no later day, `Conflict` where nothing is waited for."""
        if self.state != State.PLACED or self.pay_by is None:
            raise Conflict(f"This order is {self.state}: it waits for no transfer.", status=str(self.state))
        if pay_by <= self.pay_by:
            raise InvalidInput("Only to a later day.", errors={"until": ["Choose a later day."]})
        self.pay_by = pay_by
        return [replace(self._placed(pay_by), extended=True)]

    def _placed(self, pay_by: datetime) -> OrderPlaced:
        return OrderPlaced(
            **self._facts(),
            buyer=person_ref(self.buyer),
            payment_method=self.payment_method,
            pay_by=pay_by,
            total=self.total,
            vat=self.vat,
        )

    def pay(self, now: datetime) -> list[Event]:
        """Paid in full, or free: each admission is issued."""
        self._move(State.PAID)
        self.paid_at, self.ended_at, self.end_reason = now, None, ""
        paid = OrderPaid(
            **self._facts(),
            buyer=person_ref(self.buyer),
            payment_method=self.payment_method,
            paid_at=now,
            total=self.total,
            vat=self.vat,
            lines=self.lines(),
            lot_id=self.lot_id,
        )
        return [paid, *(self._issued(admission, now) for admission in self.admissions)]

    def lapse(self, reason: str, now: datetime) -> list[Event]:
        """It was not paid in time (`expired`), or given up (`abandoned`)."""
        self._move(State.LAPSED)
        self.ended_at, self.end_reason = now, reason
        buyer = person_ref(self.buyer)
        return [OrderLapsed(**self._facts(), reason=reason, lapsed_at=now, lines=self.lines(), buyer=buyer)]

    def cancel(self, reason: str, refund: Money, now: datetime) -> list[Event]:
        """A paid order ends: its admissions admit nobody any more, `refund` goes back."""
        self._move(State.CANCELLED)
        self.ended_at, self.end_reason = now, reason
        cancelled = OrderCancelled(
            **self._facts(), reason=reason, cancelled_at=now, buyer=person_ref(self.buyer), refund=refund
        )
        return [cancelled, *self._give_back(self.live_admissions, reason, now)]

    def cancel_admissions(self, ids: Collection[str], reason: str, refund: Money, now: datetime) -> list[Event]:
        """Some admissions of a paid order are given back, and `refund` with them; the last ones end the order.

        Raises `Conflict` where nothing of it admits any more, `NotFound` for one that is not of it, or was given back before.
        """
        live = {admission.admission_id: admission for admission in self.live_admissions}
        if State.CANCELLED not in TRANSITIONS[self.state]:
            raise Conflict(
                f"This order is {self.state}: none of its tickets can be given back.", status=str(self.state)
            )
        if not ids or not live.keys() >= set(ids):
            raise NotFound("There is no such ticket, or it was given back before.")
        if len(set(ids)) == len(live):
            return self.cancel(reason, refund, now)
        events = self._give_back([live[each] for each in live if each in ids], reason, now)
        return [replace(each, buyer=person_ref(self.buyer), returned=refund) for each in events]

    def _give_back(self, admissions: Sequence[Admission], reason: str, now: datetime) -> list[AdmissionCancelled]:
        for admission in admissions:
            admission.cancelled_at = now
        return [self._cancelled(admission, reason, now) for admission in admissions]

    def admission(self, admission_id: str) -> Admission:
        for admission in self.admissions:
            if admission.admission_id == admission_id:
                return admission
        raise NotFound("There is no such ticket.")

    def admits(self, admission: Admission) -> bool:
        """Whether this admission of it lets somebody in."""
        return self.state == State.PAID and admission.cancelled_at is None

    def transfer(self, admission_id: str, attendee: str) -> list[Event]:
        """Somebody else holds it from now on. Raises `Conflict` where it admits nobody."""
        admission = self.admission(admission_id)
        if not self.admits(admission):
            raise Conflict("This ticket is not valid: it cannot be passed on.", status=str(self.state))
        previous, admission.attendee = admission.attendee, attendee
        admission.generation += 1
        return [
            AdmissionTransferred(
                **self._facts(),
                admission_id=admission_id,
                admission_type=admission.admission_type,
                attendee=person_ref(attendee),
                previous_attendee=person_ref(previous),
            )
        ]

    def _move(self, to: State) -> None:
        if to not in TRANSITIONS[self.state]:
            raise Conflict(f"This order is {self.state}: it cannot become {to}.", status=str(self.state))
        self.state = to

    def _facts(self) -> dict[str, Any]:
        return {"conference_id": self.conference_id, "order_id": self.order_id, "reference": self.reference}

    def _issued(self, admission: Admission, now: datetime) -> Event:
        return AdmissionIssued(
            **self._facts(),
            admission_id=admission.admission_id,
            admission_type=admission.admission_type,
            attendee=person_ref(admission.attendee),
            tier_id=admission.tier_id,
            days=admission.days,
            price=admission.price,
            issued_at=now,
            comp=admission.comp,
        )

    def _cancelled(self, admission: Admission, reason: str, now: datetime) -> AdmissionCancelled:
        return AdmissionCancelled(
            **self._facts(),
            admission_id=admission.admission_id,
            admission_type=admission.admission_type,
            tier_id=admission.tier_id,
            reason=reason,
            cancelled_at=now,
            comp=admission.comp,
            attendee=person_ref(admission.attendee),
        )


def person_ref(person_id: str) -> str:
    """How other services may speak of a person of ours."""
    return f"ticket:{person_id}"


def check_expected(expected: Money | None, prices: Sequence[Money], currency: str) -> None:
    """Raises `PriceChanged` when what was shown is not what it costs now. None means that the buyer names no price."""
    now_asked = total(prices, currency)
    if expected is not None and expected != now_asked:
        raise PriceChanged(
            f"The price has changed: it was {expected}, it is {now_asked} now. Nothing is ordered yet.",
            expected=money_fact(expected),
            total=money_fact(now_asked),
        )
