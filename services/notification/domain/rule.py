"""Why a mail is written, to whom, and until when it is worth sending: one `Rule` each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from shared.events import Event
from shared.events.catering import MealsAmended, MealsOrdered, PlatesDrifted
from shared.events.sponsorship import BenefitGranted, InvoiceIssued, InvoiceOverdue
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionChanged,
    AdmissionIssued,
    AdmissionTransferred,
    InvitationSent,
    LinksRequested,
    NamesMissing,
    OrderCancelled,
    OrderLapsed,
    OrderPaid,
    OrderPlaced,
    PaymentRefunded,
    TicketRequested,
    TierEndingSoon,
    VoucherIssued,
    WaitlistJoined,
    WaitlistOffered,
)


class Audience(StrEnum):
    """Who gets a rule's mails."""

    ATTENDEE = "attendee"
    BUYER = "buyer"
    CONTACT = "contact"
    CATERER = "caterer"
    ORGANISERS = "organisers"
    SUBSCRIBERS = "subscribers"
    WAITING = "waiting"
    INVITED = "invited"


@dataclass(frozen=True, slots=True)
class Rule:
    """`subject` says what the ledger's subject id names, `occurrence` what tells two mails about one subject apart.

    `source` is the service that is asked for the mail's facts as `kind` when it is sent; empty when notification knows them itself.
    A `consented` mail goes only to people who asked for it, and carries a way out; the others are transactional. A mail is not sent
    later than `lasts` after the event (or after a person released it).
    """

    name: str
    triggers: tuple[type[Event], ...]
    audience: Audience
    subject: str
    occurrence: str
    lasts: timedelta
    source: str = ""
    kind: str = ""
    consented: bool = False


TICKET = Rule(
    name="ticket",
    triggers=(AdmissionIssued, AdmissionTransferred, TicketRequested),
    audience=Audience.ATTENDEE,
    subject="admission",
    occurrence="issued, each transfer, each time it is asked for",
    lasts=timedelta(days=30),
    source="ticket",
    kind="admission",
)
TICKET_CHANGED = Rule(
    name="ticket_changed",
    triggers=(AdmissionChanged,),
    audience=Audience.ATTENDEE,
    subject="admission",
    occurrence="each change",
    lasts=timedelta(days=7),
    source="ticket",
    kind="admission",
)
TICKET_VOID = Rule(
    name="ticket_void",
    triggers=(AdmissionCancelled,),
    audience=Audience.ATTENDEE,
    subject="admission",
    occurrence="each cancellation",
    lasts=timedelta(days=14),
    source="ticket",
    kind="void_admission",
)
TICKET_PASSED_ON = Rule(
    name="ticket_passed_on",
    triggers=(AdmissionTransferred,),
    audience=Audience.ATTENDEE,
    subject="person",
    occurrence="passed on",
    lasts=timedelta(days=7),
    source="ticket",
    kind="passed_on",
)
LINKS = Rule(
    name="links",
    triggers=(LinksRequested,),
    audience=Audience.BUYER,
    subject="person",
    occurrence="each time they ask",
    lasts=timedelta(hours=24),
    source="ticket",
    kind="links",
)
ORDER_CONFIRMATION = Rule(
    name="order_confirmation",
    triggers=(OrderPaid,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="paid",
    lasts=timedelta(days=30),
    source="ticket",
    kind="order",
)
HOW_TO_PAY = Rule(
    name="how_to_pay",
    triggers=(OrderPlaced,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="placed",
    lasts=timedelta(days=7),
    source="ticket",
    kind="how_to_pay",
)
PAYMENT_DUE = Rule(
    name="payment_due",
    triggers=(OrderPlaced,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="three days before its day",
    lasts=timedelta(days=3),
    source="ticket",
    kind="how_to_pay",
)
NAMES_MISSING = Rule(
    name="names_missing",
    triggers=(NamesMissing,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="before doors",
    lasts=timedelta(days=9),
    source="ticket",
    kind="names_missing",
)
ORDER_CANCELLED = Rule(
    name="order_cancelled",
    triggers=(OrderCancelled,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="cancelled",
    lasts=timedelta(days=14),
    source="ticket",
    kind="cancellation",
)
TICKETS_RETURNED = Rule(
    name="tickets_returned",
    triggers=(AdmissionCancelled,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="each cancellation",
    lasts=timedelta(days=14),
    source="ticket",
    kind="cancellation",
)
PAYMENT_FAILED = Rule(
    name="payment_failed",
    triggers=(OrderLapsed,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="lapsed",
    lasts=timedelta(days=14),
    source="ticket",
    kind="cancellation",
)
REFUND = Rule(
    name="refund",
    triggers=(PaymentRefunded,),
    audience=Audience.BUYER,
    subject="order",
    occurrence="payment",
    lasts=timedelta(days=14),
    source="ticket",
    kind="refund",
)
PRICE_RISES = Rule(
    name="price_rises",
    triggers=(TierEndingSoon,),
    audience=Audience.SUBSCRIBERS,
    subject="consent",
    occurrence="tier, days before, end",
    lasts=timedelta(days=7),
    consented=True,
)
CONSENT_CONFIRM = Rule(
    name="consent_confirm",
    triggers=(),
    audience=Audience.SUBSCRIBERS,
    subject="consent",
    occurrence="each time somebody asks",
    lasts=timedelta(hours=24),
)
INVOICE = Rule(
    name="invoice",
    triggers=(InvoiceIssued,),
    audience=Audience.CONTACT,
    subject="invoice",
    occurrence="issued",
    lasts=timedelta(days=14),
    source="sponsor_invoice",
    kind="invoice",
)
SPONSOR_REMINDER = Rule(
    name="sponsor_reminder",
    triggers=(InvoiceOverdue,),
    audience=Audience.CONTACT,
    subject="invoice",
    occurrence="stage",
    lasts=timedelta(days=5),
    source="sponsor_invoice",
    kind="reminder",
)
VOUCHERS = Rule(
    name="vouchers",
    triggers=(VoucherIssued, BenefitGranted),
    audience=Audience.CONTACT,
    subject="voucher lot",
    occurrence="issued",
    lasts=timedelta(days=30),
    source="ticket",
    kind="vouchers",
)
WAITLIST_JOINED = Rule(
    name="waitlist_joined",
    triggers=(WaitlistJoined,),
    audience=Audience.WAITING,
    subject="place in a waiting list",
    occurrence="joined",
    lasts=timedelta(days=2),
    source="ticket",
    kind="waiting",
)
WAITLIST_OFFERED = Rule(
    name="waitlist_offered",
    triggers=(WaitlistOffered,),
    audience=Audience.WAITING,
    subject="place in a waiting list",
    occurrence="offered",
    lasts=timedelta(days=2),
    source="ticket",
    kind="waiting",
)
INVITATION = Rule(
    name="invitation",
    triggers=(InvitationSent,),
    audience=Audience.INVITED,
    subject="invitation",
    occurrence="each time it is sent",
    lasts=timedelta(days=14),
    source="ticket",
    kind="invitation",
)
MEAL_ORDER = Rule(
    name="meal_order",
    triggers=(MealsOrdered, MealsAmended),
    audience=Audience.CATERER,
    subject="meal order",
    occurrence="number",
    lasts=timedelta(days=7),
    source="catering",
    kind="meal_order",
)
PLATES_DRIFTED = Rule(
    name="plates_drifted",
    triggers=(PlatesDrifted,),
    audience=Audience.ORGANISERS,
    subject="meal order",
    occurrence="meal and day",
    lasts=timedelta(days=2),
)

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        TICKET,
        TICKET_CHANGED,
        TICKET_VOID,
        TICKET_PASSED_ON,
        LINKS,
        ORDER_CONFIRMATION,
        HOW_TO_PAY,
        PAYMENT_DUE,
        NAMES_MISSING,
        ORDER_CANCELLED,
        TICKETS_RETURNED,
        PAYMENT_FAILED,
        REFUND,
        PRICE_RISES,
        CONSENT_CONFIRM,
        INVOICE,
        SPONSOR_REMINDER,
        VOUCHERS,
        WAITLIST_JOINED,
        WAITLIST_OFFERED,
        INVITATION,
        MEAL_ORDER,
        PLATES_DRIFTED,
    )
}
