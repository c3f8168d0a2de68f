"""What pages, API and other services show of conferences and orders: read once, the same for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.billing import Billing
from services.ticket.domain.conference import AdmissionType, Conference, LegalText
from services.ticket.domain.order import Admission, Order, State
from services.ticket.domain.policy import percent_at, refund_of
from services.ticket.domain.quota import Quota
from services.ticket.domain.tier import Ladder, Tier, opening_of
from services.ticket.domain.transfer import TRANSFER, NoTransfer, Received
from services.ticket.domain.waitlist import is_sold_out
from services.ticket.store import conferences, disputes, orders, payments, refunds, sellers, transfers
from services.ticket.store.disputes import Dispute
from services.ticket.store.orders import Person
from services.ticket.store.payments import Payment
from services.ticket.store.refunds import Refund
from services.ticket.store.sellers import Sale
from services.ticket.store.transfers import Transfer, TransferRefund
from services.ticket.web import payment_link
from shared.documents.invoice import BankAccount
from shared.documents.qr import fits_girocode, girocode_png
from shared.documents.reference import payment_reference
from shared.money import Money, total

SCARCE = 20
"""From here on a page says how many are left."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An admission type as it is sold now: `tier` is the open one, None when it is not on sale."""

    admission_type: AdmissionType
    ladder: Ladder | None
    tier: Tier | None
    left: int
    now: datetime

    @property
    def price(self) -> Money | None:
        return self.tier.price if self.tier else None

    @property
    def next_tier(self) -> Tier | None:
        return self.ladder.next_after(self.tier) if self.ladder and self.tier else None

    @property
    def is_scarce(self) -> bool:
        return self.tier is not None and 0 < self.left <= SCARCE

    def steps(self) -> list[tuple[str, Tier]]:
        """('closed' | 'open' | 'later', tier), in order."""
        result = []
        passed = True
        for tier in self.ladder.tiers if self.ladder else []:
            if tier is self.tier:
                result.append(("open", tier))
                passed = False
            else:
                result.append(("closed" if passed and tier.is_over(self.now) else "later", tier))
        return result


@dataclass(frozen=True, slots=True)
class Shop:
    """A conference with what can be bought there now."""

    conference: Conference
    offers: list[Offer]
    quotas: list[Quota]
    legal: dict[tuple[str, str], LegalText]
    now: datetime
    sale: Sale | None = None

    def transfer_until(self, is_company: bool = False, codes: Sequence[str] = ()) -> datetime | None:
        """Up to when the bank would have to book a transfer for these types if it were ordered now; None: by card only."""
        if self.sale is None or not self.sale.takes_transfers:
            return None
        sold = [offer for offer in self.offers if offer.tier and (not codes or offer.admission_type.code in codes)]
        ends = [offer.tier.ends_at for offer in sold if offer.tier]
        zone, first_day = self.conference.time_zone, self.conference.days[0]
        try:
            return self.sale.terms.pay_by(self.now, zone, is_company, ends, first_day)
        except NoTransfer:
            return None

    @property
    def left(self) -> int:
        return min((quota.left for quota in self.quotas), default=0)

    @property
    def shown(self) -> list[Offer]:
        """The offers that anybody may see: a hidden type shows itself only to who has a voucher for it."""
        return [offer for offer in self.offers if not offer.admission_type.is_hidden]

    @property
    def opens_at(self) -> datetime | None:
        """When the first sale begins, where none has yet; None from then on."""
        return opening_of([offer.ladder for offer in self.shown if offer.ladder], self.now)

    @property
    def main(self) -> Offer:
        """The offer whose ladder stands at the top: the first type that has one."""
        return next((offer for offer in self.shown if offer.ladder), self.offers[0])

    def sold_out(self) -> list[AdmissionType]:
        """The types that one can only wait for now."""
        ladders = {offer.admission_type.code: offer.ladder for offer in self.offers if offer.ladder}
        types = [offer.admission_type for offer in self.shown]
        return [each for each in types if is_sold_out(each.code, ladders, self.quotas, self.now)]

    def versions(self) -> dict[str, int]:
        """The newest version of each kind of text."""
        newest: dict[str, int] = {}
        for (kind, _), text in self.legal.items():
            newest[kind] = max(newest.get(kind, 0), text.version)
        return newest

    def legal_text(self, kind: str, language: str) -> LegalText | None:
        """In this language, else in the other one."""
        other = "en" if language == "de" else "de"
        return self.legal.get((kind, language)) or self.legal.get((kind, other))

    def as_json(self) -> dict[str, Any]:
        conference = self.conference
        return {
            "conference_id": conference.conference_id,
            "slug": conference.slug,
            "name": conference.name,
            "place": conference.place,
            "days": conference.days,
            "time_zone": conference.time_zone,
            "currency": conference.currency,
            "is_demo": conference.is_demo,
            "capacity": conference.capacity,
            "left": self.left,
            "doors_at": conference.doors_at,
            "catering_deadline": conference.catering_deadline,
            "seller": conference.seller,
            "legal_texts": self.versions(),
            "transfer_until": self.transfer_until(),
            "company_transfer_until": self.transfer_until(is_company=True),
            "admission_types": [
                {
                    "code": offer.admission_type.code,
                    "name": {"en": offer.admission_type.name_en, "de": offer.admission_type.name_de},
                    "note": {"en": offer.admission_type.note_en, "de": offer.admission_type.note_de},
                    "vat_rate": offer.admission_type.vat_rate,
                    "price": offer.price,
                    "left": offer.left,
                    "tiers": [
                        {
                            "tier_id": tier.tier_id,
                            "name": {"en": tier.name_en, "de": tier.name_de},
                            "price": tier.price,
                            "state": state,
                            "starts_at": tier.starts_at,
                            "ends_at": tier.ends_at,
                            "cap": tier.cap,
                            "left": tier.left,
                            "opened_at": tier.opened_at,
                            "closed_at": tier.closed_at,
                        }
                        for state, tier in offer.steps()
                    ],
                }
                for offer in self.shown
            ],
        }


def shop(connection: sa.Connection, slug: str, now: datetime) -> Shop:
    """Raises `NotFound`."""
    return shop_of(connection, conferences.conference_by_slug(connection, slug), now)


def shop_of(connection: sa.Connection, conference: Conference, now: datetime) -> Shop:
    ladders = conferences.load_ladders(connection, conference.conference_id)
    quotas = conferences.load_quotas(connection, conference.conference_id)
    offers = []
    for admission_type in conference.admission_types:
        ladder = ladders.get(admission_type.code)
        tier = ladder.open_tier(now) if ladder else None
        left = min((each.left for each in quotas if admission_type.code in each.admission_types), default=0)
        if tier is not None and tier.left is not None:
            left = min(left, tier.left)
        offers.append(Offer(admission_type, ladder, tier, left if tier else 0, now))
    texts = conferences.legal_texts_of(connection, conference.conference_id)
    return Shop(conference, offers, quotas, texts, now, sellers.sale_of(connection, conference.conference_id))


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its people, its conference and its money."""

    order: Order
    conference: Conference
    people: dict[str, Person]
    payments: list[Payment]
    refunds: list[Refund]
    disputes: list[Dispute]
    has_session: bool
    is_under_way: bool
    billing: Billing = Billing()
    sale: Sale | None = None
    transfers: list[Transfer] = field(default_factory=list)
    transfer_refunds: list[TransferRefund] = field(default_factory=list)

    @property
    def awaits_invoice(self) -> bool:
        """Whether an invoice is to be written for it: its documents come a moment after it stands."""
        stands = self.order.state in (State.PLACED, State.PAID) and bool(self.order.total)
        can_be = self.sale is not None and self.billing.can_be_billed(self.order.total)
        return stands and can_be and self.billing.is_asked_for

    @property
    def payment_reference(self) -> str:
        """What a transfer has to name (ISO 11649)."""
        return payment_reference(self.order.reference)

    @property
    def girocode(self) -> bytes | None:
        """A picture for banking apps that asks for what is missing; None where there is nothing to ask for, or not in euros."""
        if self.order.state != State.PLACED or self.sale is None or not fits_girocode(self.received.missing):
            return None
        seller = self.sale.seller
        account = BankAccount(seller.payee, seller.iban, seller.bic)
        return girocode_png(account, self.received.missing, self.payment_reference)

    @property
    def received(self) -> Received:
        """What came by transfer and stayed, against the price."""
        back = [-refund.amount for refund in self.transfer_refunds]
        return Received.of([*(each.amount for each in self.transfers), *back], self.order.total)

    @property
    def buyer(self) -> Person | None:
        return self.people.get(self.order.buyer)

    @property
    def refund(self) -> str | None:
        """`waiting` while money is on its way back, `done` when all of it is."""
        back = [refund.done_at is not None for refund in self.refunds]
        back += [refund.done_on is not None for refund in self.transfer_refunds]
        if not back:
            return None
        return "done" if all(back) else "waiting"

    def refund_now(self, admission: Admission, now: datetime) -> Money:
        """What goes back if its buyer gives this ticket back now, by the conference's steps."""
        conference = self.conference
        is_open = self.order.admits(admission) and now < conference.doors_at
        percent = percent_at(conference.cancellation, conference.doors_at, conference.time_zone, now) if is_open else 0
        return refund_of([admission.price], percent, self.order.currency)

    @property
    def is_disputed(self) -> bool:
        """A bank has taken its money back for now: flagged, and valid until that is lost."""
        return any(each.closed_at is None for each in self.disputes)

    @property
    def returned(self) -> Money:
        """What went back, or is on its way."""
        by_stripe = [refund.amount for refund in self.refunds]
        by_transfer = [refund.amount for refund in self.transfer_refunds]
        return total([*by_stripe, *by_transfer], self.order.currency)

    def attendee(self, admission: Admission) -> Person | None:
        return self.people.get(admission.attendee)

    def is_payable(self, now: datetime) -> bool:
        return self.order.state == State.HELD and now < self.order.hold_expires_at

    def transfer_json(self) -> dict[str, Any] | None:
        """How to pay by transfer, while that is what the order waits for."""
        if self.order.state != State.PLACED or self.sale is None:
            return None
        seller = self.sale.seller
        return {
            "payee": seller.payee,
            "iban": seller.iban,
            "bic": seller.bic,
            "reference": self.payment_reference,
            "amount": self.received.missing,
            "pay_by": self.order.pay_by,
        }

    def as_json(self, base_url: str, secret: str, now: datetime) -> dict[str, Any]:
        order = self.order
        return {
            "reference": order.reference,
            "conference": self.conference.slug,
            "status": str(order.state),
            "total": order.total,
            "vat": [{"rate": each.rate, "net": each.net, "vat": each.vat} for each in order.vat],
            "created_at": order.created_at,
            "hold_expires_at": order.hold_expires_at,
            "paid_at": order.paid_at,
            "ended_at": order.ended_at,
            "end_reason": order.end_reason,
            "payment_url": payment_link(base_url, order.reference, secret) if self.is_payable(now) else None,
            "pay_by": order.pay_by,
            "transfer": self.transfer_json(),
            "refund": self.refund,
            "attendees": [
                {
                    "admission_id": admission.admission_id,
                    "admission_type": admission.admission_type,
                    "tier_id": admission.tier_id,
                    "price": admission.price,
                    "comp": admission.comp,
                    "name": person.name if (person := self.attendee(admission)) else None,
                    "email": person.email if person else None,
                    "is_valid": order.admits(admission),
                    "refund_now": self.refund_now(admission, now),
                }
                for admission in order.admissions
            ],
        }


def order(connection: sa.Connection, order_id: str) -> OrderView:
    """Raises `NotFound`."""
    found = orders.load_order(connection, order_id)
    by_transfer = found.payment_method == TRANSFER
    session = payments.session_of(connection, order_id)
    return OrderView(
        order=found,
        conference=conferences.conference_by_id(connection, found.conference_id),
        people=orders.people_of(connection, order_id),
        payments=payments.payments_of(connection, order_id),
        refunds=refunds.refunds_of(connection, order_id),
        disputes=disputes.disputes_of(connection, order_id),
        has_session=session is not None,
        is_under_way=session is not None and session.under_way_at is not None,
        billing=transfers.billing_of(connection, order_id),
        sale=sellers.sale_of(connection, found.conference_id),
        transfers=transfers.transfers_of(connection, order_id) if by_transfer else [],
        transfer_refunds=transfers.refunds_of(connection, order_id),
    )
