"""What we tell Stripe and what it says, as far as we care. Knows nothing of its library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.money import Money

FAILED = ("failed", "canceled")
"""States of a refund that did not come through."""


GIVEN_UP = ("requires_payment_method", "canceled")
"""States of a payment, whose checkout is complete, that will not come any more."""


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    name: str
    price: Money
    count: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a buyer is to pay for. One checkout is made per order and `expires_at`: these two are its key."""

    order_id: str
    lines: tuple[CheckoutLine, ...]
    email: str
    locale: str
    expires_at: datetime
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class MadeSession:
    session_id: str
    url: str


@dataclass(frozen=True, slots=True)
class SessionState:
    """What Stripe says of a checkout: `status` open, complete or expired; `intent_id` is empty before it is paid.

    `has_failed`: the buyer is done, and the money will not come after all, as when a direct debit bounces days later.
    """

    session_id: str
    status: str
    is_paid: bool
    order_id: str
    intent_id: str
    amount: Money
    has_failed: bool = False

    @property
    def is_over(self) -> bool:
        return self.status == "expired" or self.has_failed

    @property
    def is_under_way(self) -> bool:
        """The buyer is done, and the money takes its time."""
        return self.status == "complete" and not self.is_paid and not self.has_failed


@dataclass(frozen=True, slots=True)
class RefundState:
    """`status` as Stripe says it: a refund may wait for our balance (pending), and fail."""

    refund_id: str
    status: str

    @property
    def has_failed(self) -> bool:
        return self.status in FAILED


@dataclass(frozen=True, slots=True)
class DisputeState:
    """`status` as Stripe says it: won and lost are its ends, `warning_closed` that of an inquiry."""

    dispute_id: str
    status: str
    intent_id: str
    amount: Money


WHAT = {"refund_failure": "refund_failed", "dispute_reversal": "dispute_won", "payout_reversal": "payout_failed"}
"""Stripe's word for the kind of a movement -> ours, where they differ."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of our balance at Stripe: `amount` is signed and before `fee`; `object_id` is the PaymentIntent, the refund, the
    dispute or the payout that it is about."""

    movement_id: str
    what: str
    object_id: str
    amount: Money
    fee: Money
    made_at: datetime


@dataclass(frozen=True, slots=True)
class MovementPage:
    """The newest first."""

    movements: tuple[Movement, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """All that is kept of a webhook."""

    event_id: str
    type: str
    object_id: str
