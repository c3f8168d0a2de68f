"""What machines send and get, in marshmallow: the source of the API's description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.ticket.domain.billing import MOST_LINES, Billing
from services.ticket.domain.order import MOST_ATTENDEES
from services.ticket.handlers import AttendeeWish, OrderWish
from services.ticket.vat_ids import NO_VAT_ID, is_vat_id, tidy_vat_id
from shared.errors import Conflict
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
MAYBE_NAME = validate.Regexp(f"^([^{CONTROL}]*[^\\s{CONTROL}][^{CONTROL}]*)?$", error="This cannot be read as a name.")
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
    transfer_until = fields.AwareDateTime(
        allow_none=True, metadata={"description": "up to when the bank would book a transfer; null: by card only"}
    )
    company_transfer_until = fields.AwareDateTime(allow_none=True)
    admission_types = fields.List(fields.Nested(AdmissionTypeSchema))
    legal_texts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "kind -> newest version"}
    )


class ConferencePage(ma.Schema):
    items = fields.List(fields.Nested(ConferenceListItem))
    next = fields.String(allow_none=True, metadata={"description": "null: this is all"})


class AttendeeSchema(ma.Schema):
    name = fields.String(
        required=True,
        validate=(validate.Length(0, 200), MAYBE_NAME, storable),
        metadata={"description": "empty, and never for the first: a company names them later"},
    )
    email = fields.String(required=True, validate=EMAIL, metadata=NO_ADDRESS)
    admission_type = fields.String(required=True, validate=(validate.Length(1, 40), *READABLE))


class BuyerSchema(ma.Schema):
    name = fields.String(load_default="", validate=(validate.Length(0, 200), *READABLE))
    company = fields.String(load_default="", validate=(validate.Length(0, 200), *READABLE))
    country = fields.String(
        load_default="", validate=validate.Regexp(r"^([A-Z]{2})?$", error="Two capital letters, like DE.")
    )
    address = fields.List(
        fields.String(validate=NAME),
        load_default=list,
        validate=validate.Length(0, MOST_LINES),
        metadata={"description": "street and what stands above it"},
    )
    postcode = fields.String(load_default="", validate=(validate.Length(0, 20), *READABLE))
    city = fields.String(load_default="", validate=(validate.Length(0, 100), *READABLE))
    vat_id = fields.String(
        load_default="",
        validate=(validate.Length(0, 20), *READABLE),
        metadata={"description": "of a company in the EU, like DE123456788; printed, changes no tax"},
    )
    purchase_order = fields.String(load_default="", validate=(validate.Length(0, 60), *READABLE))
    wants_invoice = fields.Boolean(load_default=False, metadata={"description": "companies always get one"})


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


def check_names(names: Sequence[str], *, is_company: bool) -> None:
    """Only a company may name its people later, and not the first of them. Raises `Conflict`: no schema says that."""
    sentence = "A name is needed here: only a company may name its people later, and not the first of them."
    nameless = [at for at, name in enumerate(names) if not name and (at == 0 or not is_company)]
    if nameless:
        raise Conflict(sentence, errors={f"attendees.{at}.name": [sentence] for at in nameless})


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
    payment_method = fields.String(load_default="card", validate=validate.OneOf(["card", "transfer"]))
    voucher = fields.String(load_default="", allow_none=True, validate=validate.Length(0, 40))
    expected_total = money_field(
        load_default=None,
        allow_none=True,
        metadata={"description": "what was shown; a different price is refused with 409"},
    )
    consents = fields.Nested(ConsentsSchema, load_default=dict)

    @ma.post_load
    def make(self, data: dict[str, Any], **_: Any) -> OrderWish:
        buyer = data["buyer"] or BuyerSchema().load({})
        if buyer["vat_id"] and not is_vat_id(buyer["vat_id"], buyer["country"]):
            raise Conflict(NO_VAT_ID, errors={"buyer.vat_id": [NO_VAT_ID]})
        check_names([each["name"] for each in data["attendees"]], is_company=bool(buyer["company"].strip()))
        return OrderWish(
            email=data["email"],
            attendees=tuple(AttendeeWish(**each) for each in data["attendees"]),
            locale=data["locale"],
            buyer_name=buyer["name"],
            company=buyer["company"],
            country=buyer["country"],
            billing=Billing(
                buyer["company"].strip(),
                tuple(buyer["address"]),
                buyer["postcode"].strip(),
                buyer["city"].strip(),
                buyer["country"],
                tidy_vat_id(buyer["vat_id"]),
                buyer["purchase_order"].strip(),
                buyer["wants_invoice"],
            ),
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


class CancellationRequest(ma.Schema):
    admissions = fields.List(
        fields.String(validate=(validate.Length(1, 40), *READABLE)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, MOST_ATTENDEES, error="An order has 1 to 10 attendees."),
        metadata={"description": "ids of the tickets to give back; all of the order's when left out"},
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
    refund_now = money_field(metadata={"description": "what goes back if it is given back now"})


class TransferSchema(ma.Schema):
    payee = fields.String()
    iban = fields.String()
    bic = fields.String()
    reference = fields.String(metadata={"description": "ISO 11649, to be named on the transfer"})
    amount = money_field(metadata={"description": "what is still missing"})
    pay_by = fields.AwareDateTime(metadata={"description": "the bank has to book it up to then"})


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
    pay_by = fields.AwareDateTime(allow_none=True)
    transfer = fields.Nested(
        TransferSchema, allow_none=True, metadata={"description": "how to pay an order that waits for a transfer"}
    )
    refund = fields.String(
        allow_none=True, metadata={"description": "null, waiting or done", "enum": ["waiting", "done", None]}
    )
    attendees = fields.List(fields.Nested(AdmissionSchema))
