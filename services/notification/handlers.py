"""What notification does with what it hears, and when time has come: the service's table of contents.

A reaction never mails. It puts a message into the ledger, whose key makes it one however often the event is told, and schedules the
errand `send`, which fetches the address and the facts when the mail goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.notification import people, sending, store
from services.notification.access import confirm_waiting, send_invitation, tell_offer
from services.notification.domain import rule as rules
from services.notification.domain.consent import KEEP_AFTER_DOORS, Topic
from services.notification.domain.message import Occasion
from services.notification.occasions import make_due, money
from services.notification.occasions import occasion as _occasion
from services.notification.payment_due import ask_for_names, remind_to_pay, tell_how_to_pay
from shared.database import Transaction
from shared.events import Event, PersonErased
from shared.events.catering import MealsAmended, MealsOrdered, PlatesDrifted
from shared.events.sponsorship import BenefitGranted, InvoiceIssued, InvoiceOverdue
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionChanged,
    AdmissionIssued,
    AdmissionTransferred,
    ConferenceCalledOff,
    ConferenceChanged,
    ConferenceOpened,
    InvitationSent,
    LinksRequested,
    NamesMissing,
    OrderCancelled,
    OrderLapsed,
    OrderPaid,
    OrderPlaced,
    PaymentRefunded,
    TicketRequested,
    TierClosed,
    TierEndingSoon,
    VoucherIssued,
    WaitlistJoined,
    WaitlistOffered,
)
from shared.service import ErrandHandler, Projection, Reaction, Timer, TimerHandler
from shared.wire import Envelope

REFUNDS_WITH_MAIL = frozenset({"late", "doubled", "overpaid"})
"""Refunds that explain themselves; that of a cancelled order stands in the mail about the cancellation."""


# Projections


def record_conferences(
    envelopes: Sequence[Envelope[ConferenceOpened] | Envelope[ConferenceChanged]], tx: Transaction
) -> None:
    """Know each conference's name, place, dates and shared address."""
    store.record_conferences(envelopes, tx)


def record_endings(envelopes: Sequence[Envelope[TierClosed] | Envelope[ConferenceCalledOff]], tx: Transaction) -> None:
    """Know what there is no use in announcing any more."""
    ended: dict[str, datetime] = {}
    for envelope in envelopes:
        event = envelope.event
        ended.setdefault(event.tier_id if isinstance(event, TierClosed) else event.conference_id, envelope.time)
    store.record_endings(tx, ended)


def record_benefits(envelopes: Sequence[Envelope[BenefitGranted]], tx: Transaction) -> None:
    """Know whom a sponsor's vouchers are for."""
    store.record_benefits(tx, {envelope.event.benefit_id: envelope.event.contact for envelope in envelopes})


def record_lots(envelopes: Sequence[Envelope[VoucherIssued]], tx: Transaction) -> None:
    """Know which vouchers exist for a benefit."""
    events = [envelope.event for envelope in envelopes if envelope.event.benefit_id]
    rows = [{"lot_id": e.lot_id, "benefit_id": e.benefit_id, "conference_id": e.conference_id} for e in events]
    if rows:
        store.record_lots(tx, rows)


# Reactions


def send_ticket(envelope: Envelope[AdmissionIssued], tx: Transaction) -> None:
    """Each attendee gets their own ticket."""
    event = envelope.event
    make_due(tx, _occasion(envelope, rules.TICKET, event.admission_id, event.attendee, "issued"))


def send_ticket_to_new_holder(envelope: Envelope[AdmissionTransferred], tx: Transaction) -> None:
    """Whoever holds an admission now gets the ticket, each time it changes hands."""
    event = envelope.event
    occurrence = f"transferred-{envelope.sequence}"
    make_due(tx, _occasion(envelope, rules.TICKET, event.admission_id, event.attendee, occurrence))
    person = event.previous_attendee
    make_due(tx, _occasion(envelope, rules.TICKET_PASSED_ON, person.partition(":")[2], person, "passed on"))


def send_ticket_again(envelope: Envelope[TicketRequested], tx: Transaction) -> None:
    """Whoever asks for their ticket once more gets it, each time."""
    event = envelope.event
    make_due(tx, _occasion(envelope, rules.TICKET, event.admission_id, event.attendee, f"asked-{envelope.sequence}"))


def tell_change(envelope: Envelope[AdmissionChanged], tx: Transaction) -> None:
    """Whoever is coming learns of another day or place, with an entry that moves the one in their calendar."""
    event = envelope.event
    if event.attendee:
        occurrence = f"changed-{envelope.sequence}"
        make_due(tx, _occasion(envelope, rules.TICKET_CHANGED, event.admission_id, event.attendee, occurrence))


def tell_void(envelope: Envelope[AdmissionCancelled], tx: Transaction) -> None:
    """Whoever does not come any more learns it, with an entry that takes the one in their calendar away; and once, whoever ordered
    and keeps the rest, what goes back."""
    event = envelope.event
    if event.buyer:
        facts = {"reference": event.reference, "returned": money(event.returned) if event.returned else None}
        occurrence = f"returned-{event.cancelled_at.isoformat()}"
        make_due(tx, _occasion(envelope, rules.TICKETS_RETURNED, event.order_id, event.buyer, occurrence, **facts))
    if event.attendee:
        occurrence = f"cancelled-{event.cancelled_at.isoformat()}"
        make_due(tx, _occasion(envelope, rules.TICKET_VOID, event.admission_id, event.attendee, occurrence))


def send_links(envelope: Envelope[LinksRequested], tx: Transaction) -> None:
    """Whoever lost their links gets them, at the address that we know."""
    person = envelope.event.person
    occurrence = f"asked-{envelope.sequence}"
    make_due(tx, _occasion(envelope, rules.LINKS, person.partition(":")[2], person, occurrence))


def confirm_order(envelope: Envelope[OrderPaid], tx: Transaction) -> None:
    """The buyer gets all tickets."""
    event = envelope.event
    facts = {"reference": event.reference, "total": money(event.total)}
    make_due(tx, _occasion(envelope, rules.ORDER_CONFIRMATION, event.order_id, event.buyer, "paid", **facts))


def confirm_cancellation(envelope: Envelope[OrderCancelled], tx: Transaction) -> None:
    """The buyer learns that the order is cancelled and what goes back."""
    event = envelope.event
    facts = {"reference": event.reference, "refund": money(event.refund)}
    make_due(tx, _occasion(envelope, rules.ORDER_CANCELLED, event.order_id, event.buyer, "cancelled", **facts))


def tell_failed_payment(envelope: Envelope[OrderLapsed], tx: Transaction) -> None:
    """The buyer learns that a payment which was under way did not come: nothing else tells them."""
    event = envelope.event
    if event.reason == "declined" and event.buyer:
        occurrence = f"lapsed-{event.lapsed_at.isoformat()}"
        facts = {"reference": event.reference}
        make_due(tx, _occasion(envelope, rules.PAYMENT_FAILED, event.order_id, event.buyer, occurrence, **facts))


def explain_refund(envelope: Envelope[PaymentRefunded], tx: Transaction) -> None:
    """The buyer learns why money came back that nobody asked for."""
    event = envelope.event
    if event.reason in REFUNDS_WITH_MAIL:
        facts = {"reference": event.reference, "amount": money(event.amount), "reason": event.reason}
        make_due(
            tx,
            _occasion(
                envelope, rules.REFUND, event.order_id, event.buyer, event.refund_id or event.payment_id, **facts
            ),
        )


def announce_price_rise(envelope: Envelope[TierEndingSoon], tx: Transaction) -> None:
    """Everybody who asked for it hears that the price rises; who bought meanwhile is left out when the mail goes out.

    The occurrence names the end, so that an extended tier announces its new end, and nobody hears of the same one twice.
    """
    event = envelope.event
    if event.days_before is None:
        return
    facts: dict[str, object] = {
        "tier_id": event.tier_id,
        "tier": event.name,
        "price": money(event.price),
        "ends_at": event.ends_at.isoformat() if event.ends_at else None,
        "next_price": money(event.next_price) if event.next_price else None,
    }
    end = event.ends_at.date().isoformat() if event.ends_at else "open"
    for consent in people.confirmed_consents(tx, event.conference_id, Topic.PRICE_RISES):
        occasion = Occasion(
            rule=rules.PRICE_RISES,
            subject=consent.consent_id,
            occurrence=f"{event.tier_id}:{event.days_before}d:{end}",
            recipient=f"notification:{consent.person_id}",
            conference_id=event.conference_id,
            happened_at=envelope.time,
            not_after=event.ends_at,
            facts=facts,
        )
        make_due(tx, occasion)


def send_invoice(envelope: Envelope[InvoiceIssued], tx: Transaction) -> None:
    """The sponsor's accounting contact gets the invoice."""
    event = envelope.event
    make_due(tx, _occasion(envelope, rules.INVOICE, event.invoice_id, event.contact, "issued"))


def remind_sponsor(envelope: Envelope[InvoiceOverdue], tx: Transaction) -> None:
    """The sponsor's accounting contact is reminded, once a stage."""
    event = envelope.event
    occurrence = f"stage-{event.stage}"
    make_due(
        tx, _occasion(envelope, rules.SPONSOR_REMINDER, event.invoice_id, event.contact, occurrence, stage=event.stage)
    )


def send_vouchers(envelope: Envelope[VoucherIssued] | Envelope[BenefitGranted], tx: Transaction) -> None:
    """The sponsor's contact gets the codes, as soon as we know both the lot and whose benefit it is: in whichever order we hear."""
    if not envelope.event.benefit_id:
        return
    for lot in store.lots_with_contact(tx, envelope.event.benefit_id):
        if lot.contact:
            occasion = Occasion(
                rule=rules.VOUCHERS,
                subject=lot.lot_id,
                occurrence="issued",
                recipient=lot.contact,
                conference_id=lot.conference_id or envelope.event.conference_id,
                happened_at=envelope.time,
            )
            make_due(tx, occasion)


def send_meal_order(envelope: Envelope[MealsOrdered] | Envelope[MealsAmended], tx: Transaction) -> None:
    """The caterer gets the order, and each numbered amendment."""
    event = envelope.event
    occurrence = f"number-{event.number}"
    make_due(tx, _occasion(envelope, rules.MEAL_ORDER, event.order_id, event.caterer, occurrence))


def warn_of_drift(envelope: Envelope[PlatesDrifted], tx: Transaction) -> None:
    """The organisers hear, once a meal and day, that the ordered plates no longer fit."""
    event = envelope.event
    facts = {
        "ordered": event.ordered,
        "expected": event.expected,
        "tolerance": event.tolerance,
        "meal_id": event.meal_id,
    }
    occurrence = f"{event.meal_id}:{envelope.time.date().isoformat()}"
    to = f"conference:{event.conference_id}"
    make_due(tx, _occasion(envelope, rules.PLATES_DRIFTED, event.order_id, to, occurrence, **facts))


def forget_person(envelope: Envelope[PersonErased], tx: Transaction) -> None:
    """Nothing that was rendered for an erased person is kept; what is still due is suppressed when it finds nobody."""
    store.forget_letters_to(tx, envelope.event.person)


# Timers


def forget_letter(timer: Timer, tx: Transaction) -> None:
    """A mail kept for viewing goes after its time."""
    store.forget_letter(tx, timer.subject)


def forget_unconfirmed(timer: Timer, tx: Transaction) -> None:
    """Who never confirmed is forgotten."""
    consent = people.lock_consent(tx, timer.subject)
    if consent is None:
        return
    if consent.is_forgettable(tx.now):
        people.forget_consent(tx, consent)


def forget_consent(timer: Timer, tx: Transaction) -> None:
    """After the conference nobody is to be reminded of its prices: the consent goes, and who gave it."""
    consent = people.lock_consent(tx, timer.subject)
    if consent is None:
        return
    conference = store.load_conference(tx.connection, consent.conference_id)
    if conference is not None and tx.now < conference.doors_at + KEEP_AFTER_DOORS:
        tx.schedule("forget_consent", consent.consent_id, conference.doors_at + KEEP_AFTER_DOORS)
    else:
        people.forget_consent(tx, consent)


PROJECTIONS: dict[type[Event], Projection] = {
    ConferenceOpened: record_conferences,
    ConferenceChanged: record_conferences,
    ConferenceCalledOff: record_endings,
    TierClosed: record_endings,
    BenefitGranted: record_benefits,
    VoucherIssued: record_lots,
}
REACTIONS: dict[type[Event], Reaction] = {
    AdmissionIssued: send_ticket,
    AdmissionTransferred: send_ticket_to_new_holder,
    TicketRequested: send_ticket_again,
    AdmissionChanged: tell_change,
    AdmissionCancelled: tell_void,
    LinksRequested: send_links,
    NamesMissing: ask_for_names,
    OrderPaid: confirm_order,
    OrderPlaced: tell_how_to_pay,
    OrderCancelled: confirm_cancellation,
    OrderLapsed: tell_failed_payment,
    PaymentRefunded: explain_refund,
    TierEndingSoon: announce_price_rise,
    InvoiceIssued: send_invoice,
    InvoiceOverdue: remind_sponsor,
    VoucherIssued: send_vouchers,
    InvitationSent: send_invitation,
    WaitlistJoined: confirm_waiting,
    WaitlistOffered: tell_offer,
    BenefitGranted: send_vouchers,
    MealsOrdered: send_meal_order,
    MealsAmended: send_meal_order,
    PlatesDrifted: warn_of_drift,
    PersonErased: forget_person,
}
TIMERS: dict[str, TimerHandler] = {
    "forget_letter": forget_letter,
    "remind_to_pay": remind_to_pay,
    "forget_unconfirmed": forget_unconfirmed,
    "forget_consent": forget_consent,
}
ERRANDS: dict[str, ErrandHandler] = {
    "send": sending.send,
}
