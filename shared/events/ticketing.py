"""What the ticket service says: conferences and their tiers, orders and admissions, vouchers, the waiting list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.events.base import Event, PersonErased, StaffActed, Topic
from shared.money import Money

ClosedBy = Literal["date", "cap", "staff"]


@dataclass(frozen=True, slots=True)
class AdmissionTypeFact:
    """Why somebody is let in: `code` (regular, student, helper, ...) and its name by language."""

    code: str
    name_en: str
    name_de: str


@dataclass(frozen=True, slots=True)
class TierFact:
    """A step of an admission type's ladder. A bound that is None is open; `cap` None means no cap."""

    tier_id: str
    admission_type: str
    name_en: str
    name_de: str
    price: Money
    starts_at: datetime | None
    ends_at: datetime | None
    cap: int | None


@dataclass(frozen=True, slots=True)
class VatAmount:
    """VAT in a gross sum: `rate` in hundredths of a percent."""

    rate: int
    net: Money
    vat: Money


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Some admissions of one tier at one price, gross."""

    admission_type: str
    tier_id: str
    count: int
    price: Money


@dataclass(frozen=True, kw_only=True)
class _ConferenceFacts(Event):
    slug: str
    name: str
    place: str
    time_zone: str
    currency: str
    capacity: int
    days: tuple[date, ...]
    doors_at: datetime
    seller: str
    reply_to: str
    admission_types: tuple[AdmissionTypeFact, ...]
    tiers: tuple[TierFact, ...]
    is_demo: bool = False


@dataclass(frozen=True, kw_only=True)
class ConferenceOpened(_ConferenceFacts):
    """A conference went on sale. `doors_at` is when its first day begins; `reply_to` its shared address."""


@dataclass(frozen=True, kw_only=True)
class ConferenceChanged(_ConferenceFacts):
    """Its facts, whole, as they are now."""


@dataclass(frozen=True, kw_only=True)
class ConferenceCalledOff(Event):
    reason: str


@dataclass(frozen=True, kw_only=True)
class TierOpened(Event):
    tier_id: str
    admission_type: str
    name: str
    price: Money
    opened_at: datetime
    ends_at: datetime | None
    cap: int | None


@dataclass(frozen=True, kw_only=True)
class TierEndingSoon(Event):
    """A tier has `days_before` days left, or reached `taken` of its cap (then `days_before` is None)."""

    tier_id: str
    admission_type: str
    name: str
    price: Money
    ends_at: datetime | None
    days_before: int | None
    taken: int
    next_tier_id: str | None
    next_price: Money | None


@dataclass(frozen=True, kw_only=True)
class TierChanged(Event):
    """The end of the open tier moved."""

    tier_id: str
    admission_type: str
    old_ends_at: datetime | None
    new_ends_at: datetime | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class TierClosed(Event):
    """A tier closed, once and for ever. `taken` counts held, placed and paid at that moment."""

    tier_id: str
    admission_type: str
    name: str
    price: Money
    reason: ClosedBy
    closed_at: datetime
    taken: int
    next_tier_id: str | None
    next_price: Money | None


@dataclass(frozen=True, kw_only=True)
class QuotaChanged(Event):
    quota_id: str
    name: str
    capacity: int
    old_capacity: int


@dataclass(frozen=True, kw_only=True)
class _OrderFacts(Event):
    order_id: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class OrderHeld(_OrderFacts):
    """Capacity and price are set aside until `hold_expires_at`."""

    lines: tuple[OrderLine, ...]
    total: Money
    vat: tuple[VatAmount, ...]
    hold_expires_at: datetime
    lot_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(_OrderFacts):
    """The order stands and waits for a transfer or a review until `pay_by`."""

    buyer: str
    payment_method: str
    pay_by: datetime
    total: Money
    vat: tuple[VatAmount, ...]
    extended: bool = False


@dataclass(frozen=True, kw_only=True)
class OrderPaid(_OrderFacts):
    """Paid in full, or free. `buyer` is `ticket:per_...`."""

    buyer: str
    payment_method: str
    paid_at: datetime
    total: Money
    vat: tuple[VatAmount, ...]
    lines: tuple[OrderLine, ...]
    lot_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class OrderLapsed(_OrderFacts):
    """It was not paid in time; its capacity is free again. `reason`: expired, declined, abandoned."""

    reason: str
    lapsed_at: datetime
    lines: tuple[OrderLine, ...]
    buyer: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(_OrderFacts):
    reason: str
    cancelled_at: datetime
    buyer: str
    refund: Money


@dataclass(frozen=True, kw_only=True)
class PaymentRefunded(_OrderFacts):
    """Money went back. `reason`: cancelled, doubled, late, called_off."""

    payment_id: str
    amount: Money
    reason: str
    refunded_at: datetime
    buyer: str
    refund_id: str = ""


@dataclass(frozen=True, kw_only=True)
class RefundRequested(_OrderFacts):
    """Money is to go back and has not yet."""

    payment_id: str
    amount: Money
    reason: str
    refund_id: str = ""


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(_OrderFacts):
    payment_id: str
    amount: Money


@dataclass(frozen=True, kw_only=True)
class DisputeClosed(_OrderFacts):
    payment_id: str
    amount: Money
    outcome: str


@dataclass(frozen=True, kw_only=True)
class NamesMissing(_OrderFacts):
    """A paid order was to name some attendees later, and the doors are near: `count` are still without a name."""

    buyer: str
    count: int


@dataclass(frozen=True, kw_only=True)
class _AdmissionFacts(_OrderFacts):
    admission_id: str
    admission_type: str


@dataclass(frozen=True, kw_only=True)
class AdmissionIssued(_AdmissionFacts):
    """One person may attend. `attendee` is `ticket:per_...`; `comp` means let in for nothing, by a voucher."""

    attendee: str
    tier_id: str
    days: tuple[date, ...]
    price: Money
    issued_at: datetime
    comp: bool = False
    add_ons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AdmissionChanged(_AdmissionFacts):
    """What it is for changed: its days or add-ons, as they are now. `attendee` is named where its holder is to be told."""

    days: tuple[date, ...]
    add_ons: tuple[str, ...] = ()
    attendee: str = ""


@dataclass(frozen=True, kw_only=True)
class AdmissionTransferred(_AdmissionFacts):
    """Somebody else holds it now."""

    attendee: str
    previous_attendee: str


@dataclass(frozen=True, kw_only=True)
class TicketRequested(_AdmissionFacts):
    """Its holder, the buyer or staff want it mailed to the holder once more."""

    attendee: str


@dataclass(frozen=True, kw_only=True)
class AdmissionCancelled(_AdmissionFacts):
    """It admits nobody any more. Where the rest of its order stands, `buyer` is who ordered, and `returned` what goes back for all
    that were given back with it."""

    tier_id: str
    reason: str
    cancelled_at: datetime
    comp: bool = False
    attendee: str = ""
    buyer: str = ""
    returned: Money | None = None


@dataclass(frozen=True, kw_only=True)
class AdmissionReinstated(_AdmissionFacts):
    tier_id: str
    comp: bool = False


@dataclass(frozen=True, kw_only=True)
class AdmissionCheckedIn(_AdmissionFacts):
    checked_in_at: datetime
    point: str = "door"


@dataclass(frozen=True, kw_only=True)
class AdmissionCheckInUndone(_AdmissionFacts):
    point: str = "door"


@dataclass(frozen=True, kw_only=True)
class VoucherIssued(Event):
    """A lot of codes exists: `count` admissions of a type. The codes themselves stay with the ticket service."""

    lot_id: str
    admission_type: str
    count: int
    sponsorship_id: str = ""
    benefit_id: str = ""


@dataclass(frozen=True, kw_only=True)
class VoucherRedeemed(Event):
    lot_id: str
    order_id: str
    count: int


@dataclass(frozen=True, kw_only=True)
class VoucherReleased(Event):
    """An order that used it lapsed or was cancelled: `count` can be used again."""

    lot_id: str
    order_id: str
    count: int


@dataclass(frozen=True, kw_only=True)
class InvitationSent(Event):
    """Somebody is invited to an admission of this type, or is to be mailed their invitation again. The link is a secret."""

    lot_id: str
    invitation_id: str
    admission_type: str
    person: str


@dataclass(frozen=True, kw_only=True)
class WaitlistJoined(Event):
    waitlist_id: str
    admission_type: str
    entry_id: str
    person: str


@dataclass(frozen=True, kw_only=True)
class WaitlistOffered(Event):
    waitlist_id: str
    admission_type: str
    entry_id: str
    person: str
    offer_expires_at: datetime
    price: Money


@dataclass(frozen=True, kw_only=True)
class WaitlistOfferLapsed(Event):
    waitlist_id: str
    admission_type: str
    entry_id: str


@dataclass(frozen=True, kw_only=True)
class LinksRequested(Event):
    """Somebody lost the links to their orders and tickets and gave an address that we know."""

    person: str


CONFERENCES = Topic(
    "ticketing.conferences",
    "ticket",
    "conference_id",
    {
        "ticketing.conference_opened": ConferenceOpened,
        "ticketing.conference_changed": ConferenceChanged,
        "ticketing.conference_called_off": ConferenceCalledOff,
        "ticketing.tier_opened": TierOpened,
        "ticketing.tier_ending_soon": TierEndingSoon,
        "ticketing.tier_changed": TierChanged,
        "ticketing.tier_closed": TierClosed,
        "ticketing.quota_changed": QuotaChanged,
    },
    "Conferences and the ladder of their prices.",
)
ORDERS = Topic(
    "ticketing.orders",
    "ticket",
    "order_id",
    {
        "ticketing.order_held": OrderHeld,
        "ticketing.order_placed": OrderPlaced,
        "ticketing.order_paid": OrderPaid,
        "ticketing.order_lapsed": OrderLapsed,
        "ticketing.order_cancelled": OrderCancelled,
        "ticketing.payment_refunded": PaymentRefunded,
        "ticketing.refund_requested": RefundRequested,
        "ticketing.dispute_opened": DisputeOpened,
        "ticketing.dispute_closed": DisputeClosed,
        "ticketing.names_missing": NamesMissing,
        "ticketing.admission_issued": AdmissionIssued,
        "ticketing.admission_changed": AdmissionChanged,
        "ticketing.admission_transferred": AdmissionTransferred,
        "ticketing.ticket_requested": TicketRequested,
        "ticketing.admission_cancelled": AdmissionCancelled,
        "ticketing.admission_reinstated": AdmissionReinstated,
        "ticketing.admission_checked_in": AdmissionCheckedIn,
        "ticketing.admission_check_in_undone": AdmissionCheckInUndone,
    },
    "Orders, their money and the admissions they hold.",
)
VOUCHERS = Topic(
    "ticketing.vouchers",
    "ticket",
    "lot_id",
    {
        "ticketing.voucher_issued": VoucherIssued,
        "ticketing.voucher_redeemed": VoucherRedeemed,
        "ticketing.voucher_released": VoucherReleased,
        "ticketing.invitation_sent": InvitationSent,
    },
    "Lots of vouchers and how many of each are used.",
)
WAITLIST = Topic(
    "ticketing.waitlist",
    "ticket",
    "waitlist_id",
    {
        "ticketing.waitlist_joined": WaitlistJoined,
        "ticketing.waitlist_offered": WaitlistOffered,
        "ticketing.waitlist_offer_lapsed": WaitlistOfferLapsed,
    },
    "The lines for admission types that are sold out.",
)
STAFF = Topic(
    "ticketing.staff",
    "ticket",
    "staff_id",
    {"ticketing.staff_acted": StaffActed},
    "What staff did in the ticket service.",
)
PEOPLE = Topic(
    "ticketing.people",
    "ticket",
    "person",
    {"ticketing.person_erased": PersonErased, "ticketing.links_requested": LinksRequested},
    "People whom the ticket service knew and forgot, or who lost their links.",
)
TOPICS = (CONFERENCES, ORDERS, VOUCHERS, WAITLIST, STAFF, PEOPLE)
