"""Dunning against a model that knows only payments, confirmations, promises and days: whatever is done in whatever order."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.sponsor_invoice.domain.dunning import Dunning
from services.sponsor_invoice.domain.invoice import Receivable, issue
from services.sponsor_invoice.domain.vat import VatRule
from shared.errors import Conflict
from shared.events.sponsorship import InvoiceOverdue, InvoicePaid
from shared.money import Money

START = date(2027, 3, 1)
TOTAL = 1000


class Ladder(RuleBasedStateMachine):
    """The model: `owed` in cents, `bank` and `promised` as days, `gone` as (stage, day), `clean` while nobody pressed a button."""

    @initialize(term=st.integers(0, 20), ladder=st.sampled_from([(3, 14, 28), (1,), (1, 2, 3, 4), (10, 30)]))
    def sign(self, term: int, ladder: tuple[int, ...]) -> None:
        self.today = START
        self.due = START + timedelta(days=term)
        invoice, _ = issue(
            invoice_id="inv_1",
            number="SP-2027-00001",
            conference_id="con_1",
            sponsorship_id="shp_1",
            sponsor="Beispiel GmbH",
            contact="sponsorship:per_1",
            issued_on=START,
            due_on=self.due,
            total=Money(TOTAL, "EUR"),
            rule=VatRule("taxed", 1900),
            payment_reference="RF",
        )
        self.receivable = Receivable.of(invoice)
        self.dunning = Dunning("inv_1", self.due, ladder)
        self.owed, self.lost = TOTAL, 0
        self.bank: date | None = None
        self.promised: date | None = None
        self.gone: list[tuple[int, date, bool]] = []
        self.paid_events = 0

    def look(self) -> None:
        """What `settle` does after everything."""
        if self.dunning.advance(self.today, self.bank):
            self.let_go(by="")

    def let_go(self, by: str) -> None:
        now = datetime.combine(self.today, time(9), UTC)
        (event,) = self.dunning.release(self.receivable.invoice, self.receivable.open, now=now, today=self.today, by=by)
        assert isinstance(event, InvoiceOverdue)
        assert event.open.amount == self.owed > 0
        self.gone.append((event.stage, self.today, by == ""))

    @rule(days=st.integers(1, 12))
    def days_pass(self, days: int) -> None:
        for _ in range(days):
            self.today += timedelta(days=1)
            self.look()

    @rule(days=st.integers(2, 40))
    def the_worker_was_away(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.look()

    @rule(back=st.integers(0, 10))
    def finance_confirms_the_bank(self, back: int) -> None:
        until = self.today - timedelta(days=back)
        self.bank = max(until, self.bank or until)
        self.look()

    @rule(amount=st.integers(1, TOTAL + 100))
    def money_comes(self, amount: int) -> None:
        events = self.receivable.record_payment(
            payment_id="pay", amount=Money(amount, "EUR"), booked_on=self.today, method="transfer"
        )
        self.paid_events += sum(isinstance(event, InvoicePaid) for event in events)
        recovered = min(amount, self.lost)
        self.lost -= recovered
        self.owed = max(self.owed - (amount - recovered), 0)
        if self.receivable.state == "paid":
            self.dunning.end("paid")
        self.look()

    @precondition(lambda self: self.owed > 0)
    @rule()
    def finance_gives_up(self) -> None:
        self.receivable.write_off("uncollectible")
        self.dunning.end("written_off")
        self.lost, self.owed = self.lost + self.owed, 0
        self.look()

    @precondition(lambda self: not self.dunning.ended)
    @rule(days=st.integers(0, 30))
    def they_promise(self, days: int) -> None:
        self.promised = self.today + timedelta(days=days)
        self.dunning.promise(self.promised, self.today)
        self.look()

    @rule()
    def a_person_presses_the_button(self) -> None:
        may = (
            self.dunning.prepared is not None and self.owed > 0 and not (self.promised and self.today <= self.promised)
        )
        try:
            self.let_go(by="console:stf_1")
        except Conflict:
            assert not may
        else:
            assert may
        self.look()

    @invariant()
    def each_stage_goes_out_once_and_in_order(self) -> None:
        assert [stage for stage, _, _ in self.gone] == list(range(1, len(self.gone) + 1))
        assert len(self.gone) <= len(self.dunning.ladder)

    @invariant()
    def what_went_by_itself_today_was_covered_by_the_bank_and_by_no_promise(self) -> None:
        for stage, day, by_itself in self.gone:
            assert day >= self.due + timedelta(days=self.dunning.ladder[stage - 1])
            if by_itself and day == self.today:
                prepared_on = self.dunning.reminders[stage - 1].prepared_on
                assert self.bank is not None and self.bank >= prepared_on
        for (_, first, _), (stage, second, _) in zip(self.gone, self.gone[1:], strict=False):
            ladder = self.dunning.ladder
            assert (second - first).days >= ladder[stage - 1] - ladder[stage - 2]

    @invariant()
    def the_receivable_counts_as_the_model_does(self) -> None:
        assert self.receivable.open.amount == self.owed
        assert self.receivable.written_off.amount == self.lost
        assert self.paid_events <= 1

    @invariant()
    def nothing_waits_once_nothing_is_owed(self) -> None:
        if self.owed == 0:
            assert self.dunning.ended
            assert self.dunning.prepared is None
            assert self.dunning.next_on() is None

    @invariant()
    def what_waits_says_why_and_what_does_not_has_its_day(self) -> None:
        if self.dunning.ended:
            return
        if self.dunning.prepared is not None:
            assert self.dunning.waits_for(self.today) in ("bank", "promise")
        elif self.dunning.next_stage is not None:
            next_on = self.dunning.next_on()
            assert next_on is not None and next_on > self.today


Ladder.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_the_ladder_does_what_the_model_says = Ladder.TestCase
