"""What the notification service says: which mail went out and which did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.events.base import Event, PersonErased, StaffActed, Topic


@dataclass(frozen=True, kw_only=True)
class _MessageFacts(Event):
    """`subject` is what the mail is about (an admission's, invoice's or meal order's id), `rule` why it was written."""

    message_id: str
    rule: str
    subject: str
    occurrence: str


@dataclass(frozen=True, kw_only=True)
class MessageSent(_MessageFacts):
    sent_at: datetime


@dataclass(frozen=True, kw_only=True)
class MessageFailed(_MessageFacts):
    """It was not delivered, or nobody knows whether it was (`reason` unknown)."""

    failed_at: datetime
    reason: str


MESSAGES = Topic(
    "notification.messages",
    "notification",
    "message_id",
    {
        "notification.message_sent": MessageSent,
        "notification.message_failed": MessageFailed,
    },
    "Mails that went out, and mails that did not.",
)
STAFF = Topic(
    "notification.staff",
    "notification",
    "staff_id",
    {"notification.staff_acted": StaffActed},
    "What staff did in the notification service.",
)
PEOPLE = Topic(
    "notification.people",
    "notification",
    "person",
    {"notification.person_erased": PersonErased},
    "People whom the notification service knew and forgot.",
)
TOPICS = (MESSAGES, STAFF, PEOPLE)
