"""What machines send and get about one admission, its holder and their data."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields, validate

from services.ticket.schemas import EMAIL, NAME, NO_ADDRESS, AdmissionSchema


class NameRequest(ma.Schema):
    """The same person, written differently."""

    name = fields.String(required=True, validate=NAME)


class HolderRequest(ma.Schema):
    """Whom an admission is passed on to."""

    name = fields.String(required=True, validate=NAME)
    email = fields.String(required=True, validate=EMAIL, metadata=NO_ADDRESS)
    locale = fields.String(load_default="en", validate=validate.OneOf(["en", "de"]))


class HeldAdmissionSchema(AdmissionSchema):
    reference = fields.String(metadata={"description": "of its order"})
    conference = fields.String(metadata={"description": "its slug"})
    days = fields.List(fields.Date())
    code = fields.String(
        allow_none=True, metadata={"description": "the address in its QR code; null where it admits nobody"}
    )


class HandedOnSchema(ma.Schema):
    admission_id = fields.String()
    reference = fields.String(metadata={"description": "of its order"})
    name = fields.String(metadata={"description": "of the new holder, after a transfer"})


class DataSchema(ma.Schema):
    """What is known of one person. Amounts in minor units, instants in UTC."""

    people = fields.List(fields.Dict(), metadata={"description": "name, e-mail, language, company, country"})
    orders = fields.List(fields.Dict(), metadata={"description": "what they bought, with payments and accepted texts"})
    waiting = fields.List(fields.Dict(), metadata={"description": "what they wait for"})
    tickets = fields.List(fields.Dict(), metadata={"description": "what they hold"})
