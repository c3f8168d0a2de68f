"""What machines send and get, in marshmallow: the source of the API's description."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.ticket.domain.order import MOST_ATTENDEES
from services.ticket.handlers import AttendeeWish, OrderWish
from shared.web.rest import money_field

CONTROL = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
"""What no text of people has in it; the last two turn the direction of what stands around them."""


def storable(text: str) -> None:
    """JSON can carry halves of characters, which nothing can store; and `$` lets a last line break pass."""
    if text.endswith("\n") or any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise ma.ValidationError("This contains characters that cannot be read.")


READABLE = (
    validate.Regexp(f"^[^{CONTROL}]*$", error="This contains characters that cannot be read."),
    storable,
)
NAME = (
    validate.Length(1, 200),
    validate.Regexp(f"^[^{CONTROL}]*[^\\s{CONTROL}][^{CONTROL}]*$", error="This cannot be read as a name."),
    storable,
)
_LABEL = f"[^@\\s.{CONTROL}]+"
EMAIL = (
    validate.Length(3, 254),
    validate.Regexp(
        f"""^[^@\\s<>"(),;:\\\\\\[\\]{CONTROL}]+@{_LABEL}(\\.{_LABEL})+$""",
        error="This is no e-mail address: it should look like name@example.org.",
    ),
    storable,
)
NO_ADDRESS = {"description": "an address like name@example.org"}


class TierSchema(ma.Schema):
    tier_id = fields.String()
    name = fields.Dict(keys=fields.String(), values=fields.String(), metadata={"description": "by language"})
    price = money_field()
    state = fields.String(metadata={"description": "closed, open or later", "enum": ["closed", "open", "later"]})
    starts_at = fields.AwareDateTime(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    cap = fields.Integer(allow_none=True)
    left = fields.Integer(
        allow_none=True, metadata={"description": "at this price; null where only capacity limits it"}
    )
    opened_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)


class AdmissionTypeSchema(ma.Schema):
    code = fields.String()
    name = fields.Dict(keys=fields.String(), values=fields.String())
    note = fields.Dict(keys=fields.String(), values=fields.String())
    vat_rate = fields.Integer(metadata={"description": "hundredths of a percent, in the price"})
    price = money_field(allow_none=True, metadata={"description": "now; null when it is not on sale"})
    left = fields.Integer(metadata={"description": "how many one order could have now at this price"})
    tiers = fields.List(fields.Nested(TierSchema))


class ConferenceListItem(ma.Schema):
    conference_id = fields.String()
    slug = fields.String()
    name = fields.String()
    place = fields.String()
    days = fields.List(fields.Date())
    time_zone = fields.String()
    currency = fields.String()
    is_demo = fields.Boolean()


class ConferenceSchema(ConferenceListItem):
    capacity = fields.Integer()
    left = fields.Integer(metadata={"description": "admissions that can still be had"})
    doors_at = fields.AwareDateTime()
    catering_deadline = fields.AwareDateTime()
    seller = fields.String()
    admission_types = fields.List(fields.Nested(AdmissionTypeSchema))
    legal_texts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "kind -> newest version"}
    )


class ConferencePage(ma.Schema):
    items = fields.List(fields.Nested(ConferenceListItem))
    next = fields.String(allow_none=True, metadata={"description": "null: this is all"})


class AttendeeSchema(ma.Schema):
    name = fields.String(required=True, validate=NAME)
    email = fields.String(required=True, validate=EMAIL, metadata=NO_ADDRESS)
    admission_type = fields.String(required=True, validate=(validate.Length(1, 40), *READABLE))


class BuyerSchema(ma.Schema):
    name = fields.String(load_default="", validate=(validate.Length(0, 200), *READABLE))
    company = fields.String(load_default="", validate=(validate.Length(0, 200), *READABLE))
    country = fields.String(
        load_default="", validate=validate.Regexp(r"^([A-Z]{2})?$", error="Two capital letters, like DE.")
    )


class Consent(fields.Field[Any]):
    """A version that was read, or true for the newest."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int | bool:
        if isinstance(value, bool | int):
            return value
        raise ma.ValidationError("The version that was accepted, or true.")


class ConsentsSchema(ma.Schema):
    """The legal texts that were accepted: the version that was read, or true for the newest."""

    terms = Consent(metadata={"type": ["integer", "boolean"]})
    privacy = Consent(metadata={"type": ["integer", "boolean"]})
    code_of_conduct = Consent(metadata={"type": ["integer", "boolean"]})


class OrderRequest(ma.Schema):
    """An order of one to ten named attendees."""

    email = fields.String(required=True, validate=EMAIL, metadata=NO_ADDRESS)
    locale = fields.String(load_default="en", validate=validate.OneOf(["en", "de"]))
    attendees = fields.List(
        fields.Nested(AttendeeSchema),
        required=True,
        validate=validate.Length(1, MOST_ATTENDEES, error="An order has 1 to 10 attendees."),
    )
    buyer = fields.Nested(BuyerSchema, load_default=None, allow_none=True)
    payment_method = fields.String(load_default="card", validate=validate.OneOf(["card"]))
    voucher = fields.String(load_default="", allow_none=True, validate=validate.Length(0, 40))
    expected_total = money_field(
        load_default=None,
        allow_none=True,
        metadata={"description": "what was shown; a different price is refused with 409"},
    )
    consents = fields.Nested(ConsentsSchema, load_default=dict)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> OrderWish:
        buyer = data["buyer"] or {"name": "", "company": "", "country": ""}
        return OrderWish(
            email=data["email"],
            attendees=tuple(AttendeeWish(**each) for each in data["attendees"]),
            locale=data["locale"],
            buyer_name=buyer["name"],
            company=buyer["company"],
            country=buyer["country"],
            payment_method=data["payment_method"],
            voucher=data["voucher"] or "",
            expected_total=data["expected_total"],
            consents=data["consents"],
        )


class PriceRequest(ma.Schema):
    """Who would come, and a voucher that may change what it costs."""

    admission_types = fields.List(
        fields.String(validate=(validate.Length(1, 40), *READABLE)),
        required=True,
        validate=validate.Length(1, MOST_ATTENDEES, error="An order has 1 to 10 attendees."),
    )
    voucher = fields.String(load_default="", allow_none=True, validate=validate.Length(0, 40))


class PricesSchema(ma.Schema):
    prices = fields.List(money_field(), metadata={"description": "of each, in the order that was asked"})
    total = money_field()


class OrderPlaced(ma.Schema):
    reference = fields.String()
    secret = fields.String(metadata={"description": "the key to this order; keep it"})
    status = fields.String(metadata={"enum": ["held", "placed", "paid", "lapsed", "cancelled"]})
    total = money_field()
    hold_expires_at = fields.AwareDateTime()
    payment_url = fields.String(
        allow_none=True, metadata={"description": "our page that leads to the payment; null when free"}
    )


class VatSchema(ma.Schema):
    rate = fields.Integer()
    net = money_field()
    vat = money_field()


class AdmissionSchema(ma.Schema):
    admission_id = fields.String()
    admission_type = fields.String()
    tier_id = fields.String()
    price = money_field()
    comp = fields.Boolean()
    name = fields.String(allow_none=True, metadata={"description": "null: erased"})
    email = fields.String(allow_none=True)
    is_valid = fields.Boolean(metadata={"description": "whether it admits now"})


class OrderSchema(ma.Schema):
    reference = fields.String()
    conference = fields.String(metadata={"description": "its slug"})
    status = fields.String(metadata={"enum": ["held", "placed", "paid", "lapsed", "cancelled"]})
    total = money_field()
    vat = fields.List(fields.Nested(VatSchema))
    created_at = fields.AwareDateTime()
    hold_expires_at = fields.AwareDateTime()
    paid_at = fields.AwareDateTime(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    end_reason = fields.String()
    payment_url = fields.String(allow_none=True)
    refund = fields.String(
        allow_none=True, metadata={"description": "null, waiting or done", "enum": ["waiting", "done", None]}
    )
    attendees = fields.List(fields.Nested(AdmissionSchema))
