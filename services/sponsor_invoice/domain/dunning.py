"""The ladder of reminders for one invoice.

    waiting --a stage falls due--> prepared --the bank is in, or a person says so--> released --> waiting for the next
       any of them --paid, written off or cancelled--> ended, at once and for good (a prepared reminder is withdrawn)

A stage falls due `days` after the due day; when an earlier one went out late, the ladder's distances are kept, so that
two never come together. A prepared reminder goes out by itself only when finance has confirmed the bank up to the day
on which it was prepared: whoever paid by then is not written to. A promise to pay until a day holds everything until
the bank is confirmed up to that day. All days are the conference's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal

from services.sponsor_invoice.domain.aging import days_overdue
from services.sponsor_invoice.domain.invoice import Invoice
from shared.errors import Conflict, InvalidInput
from shared.events.sponsorship import InvoiceOverdue
from shared.money import Money

LADDER: Final = (3, 14, 28)
"""Days overdue at which reminders 1, 2 and 3 fall due."""

ReminderState = Literal["prepared", "released", "withdrawn"]
WaitsFor = Literal["bank", "promise"]
Ended = Literal["", "paid", "written_off", "cancelled"]


@dataclass(slots=True)
class Reminder:
    """One step of the ladder, each at most once. `released_by` is the staff's id, or empty when the bank's word did it."""

    stage: int
    prepared_on: date
    state: ReminderState = "prepared"
    released_at: datetime | None = None
    released_on: date | None = None
    released_by: str = ""


@dataclass(slots=True)
class Dunning:
    """Where one invoice stands on its ladder. `ladder` holds days overdue, rising."""

    invoice_id: str
    due_on: date
    ladder: tuple[int, ...] = LADDER
    reminders: list[Reminder] = field(default_factory=list)
    promised_until: date | None = None
    ended: Ended = ""

    def __post_init__(self) -> None:
        check_ladder(self.ladder)

    @property
    def prepared(self) -> Reminder | None:
        """The reminder that waits to go out, if one does."""
        last = self.reminders[-1] if self.reminders else None
        return last if last and last.state == "prepared" else None

    @property
    def next_stage(self) -> int | None:
        """The stage that comes next, None after the last."""
        stage = len(self.reminders) + 1
        return stage if stage <= len(self.ladder) else None

    def next_on(self) -> date | None:
        """The day on which to look again by ourselves; None when only a payment, the bank or a person moves it."""
        if self.ended:
            return None
        if self.prepared is not None:
            return self._after_promise(self.prepared.prepared_on) if self.promised_until else None
        falls_due = self._stage_falls_due()
        return None if falls_due is None else self._after_promise(falls_due)

    def waits_for(self, today: date) -> WaitsFor | None:
        """Why the prepared reminder has not gone out."""
        if self.prepared is None:
            return None
        return "promise" if self._is_promised(today) else "bank"

    def advance(self, today: date, bank_until: date | None) -> bool:
        """Prepare the stage that is due. Returns whether what is prepared now may go out by itself: then `release` it.

        `bank_until` is the last day up to and with which finance has confirmed the bank.
        """
        if self.ended or self._is_promised(today):
            return False
        falls_due = self._stage_falls_due()
        if self.prepared is None and falls_due is not None and falls_due <= today:
            self.reminders.append(Reminder(stage=len(self.reminders) + 1, prepared_on=today))
        return (
            self.prepared is not None and bank_until is not None and bank_until >= self._needs_bank_until(self.prepared)
        )

    def release(
        self, invoice: Invoice, open: Money, *, now: datetime, today: date, by: str = ""
    ) -> list[InvoiceOverdue]:
        """Let the prepared reminder go out. `by` is the member of staff who said so, empty for the bank's word.

        Raises `Conflict` when none is prepared, nothing is owed any more, or the sponsor has promised to pay.
        """
        reminder = self.prepared
        if reminder is None or self.ended or not open:
            raise Conflict("This reminder does not wait any more: it went out, or the invoice was settled.")
        if self.promised_until is not None and self._is_promised(today):
            raise Conflict(
                "They promised to pay: nothing goes out before that day.", until=self.promised_until.isoformat()
            )
        reminder.state, reminder.released_at, reminder.released_on, reminder.released_by = "released", now, today, by
        return [
            InvoiceOverdue(
                conference_id=invoice.conference_id,
                sponsorship_id=invoice.sponsorship_id,
                invoice_id=invoice.id,
                number=invoice.number,
                sponsor=invoice.sponsor,
                contact=invoice.contact,
                stage=reminder.stage,
                days_overdue=days_overdue(self.due_on, today),
                open=open,
                due_on=self.due_on,
                released_at=now,
            )
        ]

    def promise(self, until: date, today: date) -> None:
        """They say that they will pay by `until`: the ladder holds."""
        if self.ended:
            raise Conflict("This invoice is settled: there is nothing left to promise.")
        if until < today:
            raise InvalidInput("A promise is about a day to come.", errors={"until": ["Choose today or a later day."]})
        self.promised_until = until

    def end(self, reason: Literal["paid", "written_off", "cancelled"]) -> None:
        """Nothing goes out any more, whatever was prepared. The first reason stays, but a payment outdoes a write-off."""
        if self.prepared is not None:
            self.prepared.state = "withdrawn"
        if not self.ended or self.ended == "written_off":
            self.ended = reason

    def _stage_falls_due(self) -> date | None:
        if self.next_stage is None or self.prepared is not None:
            return None
        days = self.ladder[self.next_stage - 1]
        by_due_day = self.due_on + timedelta(days=days)
        last = self.reminders[-1] if self.reminders else None
        if last is None or last.released_on is None:
            return by_due_day
        return max(by_due_day, last.released_on + timedelta(days=days - self.ladder[last.stage - 1]))

    def _needs_bank_until(self, reminder: Reminder) -> date:
        return max(reminder.prepared_on, self.promised_until or reminder.prepared_on)

    def _is_promised(self, today: date) -> bool:
        return self.promised_until is not None and today <= self.promised_until

    def _after_promise(self, day: date) -> date:
        return day if self.promised_until is None else max(day, self.promised_until + timedelta(days=1))


def check_ladder(ladder: Sequence[int]) -> None:
    """Raises `InvalidInput` unless the days overdue rise from 1 on."""
    if not ladder or ladder[0] < 1 or any(later <= earlier for earlier, later in zip(ladder, ladder[1:], strict=False)):
        raise InvalidInput("A ladder of reminders names rising numbers of days overdue, such as 3, 14, 28.")
