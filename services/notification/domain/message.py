"""One mail to one person, from the occasion to the last word about it.

    held ──a person allows it──> due ──> sending ──> sent
                                  ^  │       ├─────> failed      refused for good, or too late
                                  │  │       ├─────> unknown     nobody knows whether it arrived
                                  │  │       └─────> due         broke off before the end of DATA: tried again
                                  │  └────> suppressed           nobody is to be written to any more
                                  └── held again when the occasion is older than 48 h

The key (rule, subject, occurrence) exists once in the ledger, so an occasion makes one message however often it is told. A message
found `sending` after a crash is `unknown` and never sent again by itself; a person who sends it again makes a new occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.notification.domain.rule import RULES, Rule
from shared.errors import Conflict
from shared.events import Event
from shared.events.notification import MessageFailed, MessageSent

OLD = timedelta(hours=48)
"""How long after its occasion a mail may go out without a person's consent."""


class State(StrEnum):
    HELD = "held"
    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


AGAIN_FROM = frozenset({State.SENT, State.FAILED, State.UNKNOWN})
"""States from which a person may send a message again."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a message is due: the ledger's key, whom to write to, and the facts that the event brought.

    `recipient` is `service:per_...`, or `conference:con_...` for the conference's own shared address.
    """

    rule: Rule
    subject: str
    occurrence: str
    recipient: str
    conference_id: str
    happened_at: datetime
    not_after: datetime | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """`allowed_at` is when a person released or repeated it: its age counts from there. `mime_id` is the last Message-ID."""

    message_id: str
    conference_id: str
    rule: str
    subject: str
    occurrence: str
    recipient: str
    facts: Mapping[str, object]
    state: State
    happened_at: datetime
    not_after: datetime
    changed_at: datetime
    allowed_at: datetime | None = None
    reason: str = ""
    mime_id: str = ""
    tries: int = 0
    sent_at: datetime | None = None
    again_of: str | None = None
    asked_by: str = ""

    def is_old(self, now: datetime) -> bool:
        """Too old to go out by itself."""
        return now - (self.allowed_at or self.happened_at) > OLD

    def is_late(self, now: datetime) -> bool:
        """No use to anybody any more."""
        return now > self.not_after

    def look(self, now: datetime) -> list[Event]:
        """Before sending: settle what must not be sent. Afterwards only `due` may begin.

        `sending` here means that whoever sent it died on the way.
        """
        if self.state is State.SENDING:
            return self.lose(now)
        if self.state is State.DUE and self.is_late(now):
            return self.fail(now, "too_late")
        if self.state is State.DUE and self.is_old(now):
            self._become(State.HELD, now, "old")
        return []

    def begin(self, now: datetime, mime_id: str) -> None:
        """To be committed before the first byte goes to the mail server."""
        self._only_from(State.DUE)
        self.mime_id = mime_id
        self.tries += 1
        self._become(State.SENDING, now)

    def arrive(self, now: datetime) -> list[Event]:
        """The mail server took it. Also when it was given up as unknown meanwhile: now we know."""
        self._only_from(State.SENDING, State.UNKNOWN)
        self.sent_at = now
        self._become(State.SENT, now)
        return [
            MessageSent(
                conference_id=self.conference_id,
                message_id=self.message_id,
                rule=self.rule,
                subject=self.subject,
                occurrence=self.occurrence,
                sent_at=now,
            )
        ]

    def put_back(self, now: datetime, reason: str) -> None:
        """It broke off before the end of DATA, so nobody has it: due again."""
        self._only_from(State.SENDING)
        self._become(State.DUE, now, reason)

    def fail(self, now: datetime, reason: str) -> list[Event]:
        """It will not arrive: refused for good, or too late."""
        self._only_from(State.DUE, State.SENDING)
        self._become(State.FAILED, now, reason)
        return [self._failed(now, reason)]

    def lose(self, now: datetime) -> list[Event]:
        """Everything was handed over and no answer came: it may have arrived, so it is never repeated by itself."""
        self._only_from(State.SENDING)
        self._become(State.UNKNOWN, now, "unanswered")
        return [self._failed(now, "unknown")]

    def suppress(self, now: datetime, reason: str) -> None:
        """Nobody is to get it: the person is erased, has withdrawn, or has bought meanwhile."""
        self._only_from(State.DUE, State.HELD)
        self._become(State.SUPPRESSED, now, reason)

    def release(self, now: datetime, staff: str) -> None:
        """A person looked at a held message and wants it sent."""
        self._only_from(State.HELD)
        self.allowed_at = now
        self.asked_by = staff
        self.not_after = max(self.not_after, now + OLD)
        self._become(State.DUE, now)

    def again(self, now: datetime, message_id: str, number: int, staff: str) -> Message:
        """A new message about the same thing, because a person wants it; `number` counts the repetitions from 1."""
        if self.state not in AGAIN_FROM:
            raise Conflict(
                f"This mail is {self.state}: only one that was sent, failed or is unknown can be sent again."
            )
        root = self.occurrence.split("~", 1)[0]
        return replace(
            self,
            message_id=message_id,
            occurrence=f"{root}~{number}",
            state=State.DUE,
            not_after=now + OLD,
            changed_at=now,
            allowed_at=now,
            reason="",
            mime_id="",
            tries=0,
            sent_at=None,
            again_of=self.again_of or self.message_id,
            asked_by=staff,
        )

    def _failed(self, now: datetime, reason: str) -> MessageFailed:
        return MessageFailed(
            conference_id=self.conference_id,
            message_id=self.message_id,
            rule=self.rule,
            subject=self.subject,
            occurrence=self.occurrence,
            failed_at=now,
            reason=reason,
        )

    def _only_from(self, *states: State) -> None:
        if self.state not in states:
            raise Conflict(f"This mail is {self.state} now.", state=self.state.value)

    def _become(self, state: State, now: datetime, reason: str = "") -> None:
        self.state, self.reason, self.changed_at = state, reason, now


def write(occasion: Occasion, message_id: str, now: datetime) -> Message:
    """The message an occasion makes: due, or held when the occasion is too old to be mailed without a person's consent."""
    not_after = occasion.happened_at + occasion.rule.lasts
    if occasion.not_after is not None:
        not_after = min(not_after, occasion.not_after)
    old = now - occasion.happened_at > OLD
    return Message(
        message_id=message_id,
        conference_id=occasion.conference_id,
        rule=occasion.rule.name,
        subject=occasion.subject,
        occurrence=occasion.occurrence,
        recipient=occasion.recipient,
        facts=dict(occasion.facts),
        state=State.HELD if old else State.DUE,
        reason="old" if old else "",
        happened_at=occasion.happened_at,
        not_after=not_after,
        changed_at=now,
    )


def rule_of(message: Message) -> Rule:
    return RULES[message.rule]
