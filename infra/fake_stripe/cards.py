"""What Stripe's published test cards and test IBANs do here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a bank said no. `code` is the error's code, `decline_code` the bank's own word."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """`refund` says what its refunds do: "succeeds", "later" (pending first) or "fails" (afterwards)."""

    brand: str
    decline: Decline | None = None
    refund: str = "succeeds"
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Debit:
    """A bank account that is debited days later; `fails` is whether the debit bounces."""

    fails: bool


DECLINED = Decline("card_declined", "generic_decline", "Your card was declined.")

CARDS: Mapping[str, Card] = {
    "4242424242424242": Card("visa"),
    "4000056655665556": Card("visa"),
    "5555555555554444": Card("mastercard"),
    "378282246310005": Card("amex"),
    "4000002760000016": Card("visa"),
    "4000000000000002": Card("visa", DECLINED),
    "4000000000000341": Card("visa", DECLINED),
    "4000000000009995": Card(
        "visa", Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
    ),
    "4000000000009987": Card("visa", Decline("card_declined", "lost_card", "Your card was declined.")),
    "4000000000009979": Card("visa", Decline("card_declined", "stolen_card", "Your card was declined.")),
    "4000000000000069": Card("visa", Decline("expired_card", "expired_card", "Your card has expired.")),
    "4000000000000127": Card(
        "visa", Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
    ),
    "4000000000000119": Card(
        "visa",
        Decline(
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
    "4000000000000259": Card("visa", disputed=True),
    "4000000000007726": Card("visa", refund="later"),
    "4000000000005126": Card("visa", refund="fails"),
}

NOT_A_TEST_CARD = Card(
    "unknown",
    Decline(
        "card_declined",
        "test_mode_live_card",
        "Your card was declined. Your request was in test mode, but used a non test card.",
    ),
)

DEBITS: Mapping[str, Debit] = {
    "DE89370400440532013000": Debit(fails=False),
    "AT611904300234573201": Debit(fails=False),
    "DE62370400440532013001": Debit(fails=True),
    "AT861904300235473202": Debit(fails=True),
}


def digits(number: str) -> str:
    """A card number or IBAN as typed, without its blanks."""
    return "".join(number.split()).replace("-", "").upper()


def card_of(number: str) -> Card:
    """The card of a number that `is_card_number`; one that is no test card is declined."""
    return CARDS.get(digits(number), NOT_A_TEST_CARD)


def is_card_number(number: str) -> bool:
    """13 to 19 digits with a Luhn check digit."""
    text = digits(number)
    if not (text.isascii() and text.isdigit() and 13 <= len(text) <= 19):
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(text))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_still_valid(expiry: str, now: datetime) -> bool | None:
    """Whether a card of expiry "MM/YY" (or "MM / YYYY") is valid in `now`'s month; None if that is no date."""
    month, _, year = "".join(expiry.split()).partition("/")
    if not (month.isascii() and year.isascii() and month.isdigit() and year.isdigit()):
        return None
    if not 1 <= int(month) <= 12 or len(year) not in (2, 4):
        return None
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    return (full_year, int(month)) >= (now.year, now.month)
