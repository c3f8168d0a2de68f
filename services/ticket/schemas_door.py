"""What a device at the door sends and gets."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.ticket.domain.door import DOOR, Colour, Reason
from shared.web.rest import money_field

SCAN_ID = validate.Regexp(r"^[A-Za-z0-9_-]{8,60}$")
POINT = validate.Regexp(r"^[a-z0-9-]{1,40}$")
MOST_SCANS = 200


class ScanRequest(ma.Schema):
    """A ticket held out: by the code on it, or by the admission that was looked up."""

    scan_id = fields.String(
        required=True, validate=SCAN_ID, metadata={"description": "the device's own; the same again is the same scan"}
    )
    code = fields.String(
        validate=validate.Length(max=600),
        metadata={"description": "what the QR code says: an address, or its last part"},
    )
    admission_id = fields.String(validate=validate.Length(max=40))
    point = fields.String(load_default=DOOR, validate=POINT)
    scanned_at = fields.AwareDateTime(metadata={"description": "for what was scanned without network; else now"})
    let_in = fields.Boolean(
        load_default=False, metadata={"description": "the device let the person in already, without network"}
    )
    answers = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["student_id", "name_missing", "disputed"])),
        values=fields.String(validate=validate.Length(max=200)),
        metadata={
            "description": "to an amber question: `student_id` seen or none, `name_missing` a name, `disputed` admit"
        },
    )

    @ma.validates_schema
    def check_one(self, data: dict[str, Any], **_options: Any) -> None:
        if bool(data.get("code")) == bool(data.get("admission_id")):
            raise ma.ValidationError("Give a code or an admission_id, and not both.", "code")


class ScansRequest(ma.Schema):
    """What a device scanned, in its order."""

    scans = fields.List(fields.Nested(ScanRequest), required=True, validate=validate.Length(min=1, max=MOST_SCANS))


class EntrySchema(ma.Schema):
    at = fields.AwareDateTime()
    by = fields.String(metadata={"description": "whose pass it was"})


class SeenAdmissionSchema(ma.Schema):
    admission_id = fields.String()
    admission_type = fields.String()
    type_name = fields.String()
    reference = fields.String(metadata={"description": "of its order"})
    name = fields.String()
    company = fields.String()
    days = fields.List(fields.Date(), metadata={"description": "the days it is for"})


class VerdictSchema(ma.Schema):
    scan_id = fields.String()
    colour = fields.String(metadata={"enum": [str(each) for each in Colour]})
    reason = fields.String(metadata={"enum": [str(each) for each in Reason]})
    sentence = fields.String(metadata={"description": "for the helper, in the language asked for"})
    point = fields.String()
    scanned_at = fields.AwareDateTime()
    earlier = fields.Nested(
        EntrySchema, allow_none=True, metadata={"description": "the first time, of one that is in already"}
    )
    admission = fields.Nested(SeenAdmissionSchema, allow_none=True)
    due = money_field(allow_none=True, metadata={"description": "what a student without an id still pays"})


class VerdictsSchema(ma.Schema):
    verdicts = fields.List(fields.Nested(VerdictSchema))


class PointRequest(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    point = fields.String(load_default=DOOR, validate=POINT)


class UndoRequest(ma.Schema):
    admission_id = fields.String(required=True, validate=validate.Length(min=1, max=40))
    point = fields.String(load_default=DOOR, validate=POINT)


class UndoneSchema(ma.Schema):
    scan_id = fields.String(metadata={"description": "the scan that counts no more"})


class TypeCountSchema(ma.Schema):
    code = fields.String()
    name = fields.String()
    checked_in = fields.Integer()
    expected = fields.Integer()


class CountSchema(ma.Schema):
    point = fields.String()
    checked_in = fields.Integer()
    expected = fields.Integer(metadata={"description": "valid tickets"})
    by_type = fields.List(fields.Nested(TypeCountSchema))


class SearchRequest(PointRequest):
    search = fields.String(required=True, validate=validate.Length(min=1, max=200))


class GuestSchema(SeenAdmissionSchema):
    checked_in_at = fields.AwareDateTime(allow_none=True)


class GuestsSchema(ma.Schema):
    items = fields.List(fields.Nested(GuestSchema))


class ListedSchema(GuestSchema):
    code_hash = fields.String(
        metadata={"description": "SHA-256, in hex, of `salt` and the signed part of the ticket's code"}
    )
    question = fields.String(metadata={"description": "the reason of an amber verdict, or empty"})


class OfflineListSchema(ma.Schema):
    """All valid tickets, to judge scans without network: a code that is not on the list is not let in."""

    conference_id = fields.String()
    time_zone = fields.String()
    days = fields.List(fields.Date())
    point = fields.String()
    made_at = fields.AwareDateTime()
    salt = fields.String()
    items = fields.List(fields.Nested(ListedSchema))


class FrameRequest(ma.Schema):
    """The size of a picture that is sent as one byte of grey a pixel."""

    class Meta:
        unknown = ma.EXCLUDE

    width = fields.Integer(required=True, validate=validate.Range(16, 1280))
    height = fields.Integer(required=True, validate=validate.Range(16, 1280))


class FrameSchema(ma.Schema):
    code = fields.String(
        allow_none=True, metadata={"description": "what the QR code in the picture says; null: none was found"}
    )
