"""The waiting list: in order, one offer each, at the price of the tier that is open, and what is offered is sold to nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.ticket.domain.conference import TierPlan, TypePlan
from services.ticket.domain.errors import SoldOut, VoucherExpired
from services.ticket.domain.waitlist import ACCEPT_WITHIN
from services.ticket.handlers import (
    cancel_order,
    change_conference,
    join_waitlist,
    leave_waitlist,
    offer_now,
    open_conference,
)
from services.ticket.handlers.waiting import PER_CLIENT
from services.ticket.mail import KINDS
from services.ticket.store.tables import voucher_codes, waiting
from services.ticket.web import Desk
from shared.errors import Conflict, Refused, TooMany
from shared.events.ticketing import WaitlistJoined, WaitlistOffered, WaitlistOfferLapsed
from tests.ticket.stage import Held, Stage, euros, make_plan
from tests.ticket.test_staff_pages import send, staff_browser

PLAN = make_plan(
    capacity=3,
    types=(
        TypePlan(
            "regular",
            "Regular",
            "Regulär",
            (TierPlan("Early bird", "Frühbucher", 19900, None, 2), TierPlan("Regular", "Regulär", 29900)),
        ),
        TypePlan("student", "Student", "Studierende", (TierPlan("Student", "Studierende", 5900),)),
    ),
)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, plan=PLAN)
    yield made
    assert made.problems() == []
    made.close()


@pytest.fixture
def both(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "home", fresh_database_urls, PLAN)
    yield made
    assert made.problems() == []
    made.close()


def join(stage: Stage, email: str, admission_type: str = "regular") -> bool:
    return join_waitlist(stage.database, "searchlight", admission_type, email.split("@")[0], email, "en")


def states(stage: Stage) -> list[str]:
    with stage.database.reading() as connection:
        return list(connection.execute(sa.select(waiting.c.state).order_by(waiting.c.entry_id)).scalars())


def entry_ids(stage: Stage) -> list[str]:
    with stage.database.reading() as connection:
        return list(connection.execute(sa.select(waiting.c.entry_id).order_by(waiting.c.entry_id)).scalars())


def code_of(stage: Stage, position: int) -> str:
    """The code of the offer that somebody has, as their page uses it."""
    with stage.database.reading() as connection:
        lots = list(connection.execute(sa.select(waiting.c.lot_id).order_by(waiting.c.entry_id)).scalars())
        statement = sa.select(voucher_codes.c.code).where(voucher_codes.c.lot_id == lots[position])
        return str(connection.execute(statement).scalar_one())


def fill(stage: Stage) -> list[Held]:
    return [stage.order("regular") for _ in range(3)]


def test_one_network_cannot_fill_the_list_with_inventions(both: Stage) -> None:
    fill(both)
    for number in range(PER_CLIENT):
        join_waitlist(both.database, "searchlight", "regular", "N", f"n{number}@example.org", "en", "one network")
    with pytest.raises(TooMany):
        join_waitlist(both.database, "searchlight", "regular", "N", "more@example.org", "en", "one network")
    assert join_waitlist(both.database, "searchlight", "regular", "N", "more@example.org", "en", "another")
    both.clock.advance_to(both.clock.now() + timedelta(days=1, seconds=1))
    assert join_waitlist(both.database, "searchlight", "regular", "N", "late@example.org", "en", "one network")


def test_who_is_next_gets_what_comes_back_and_the_shop_cannot_sell_it(both: Stage) -> None:
    held = fill(both)
    join(both, "ada@example.org")
    both.clock.advance_to(both.clock.now() + timedelta(seconds=5))
    join(both, "bob@example.org")
    cancel_order(both.database, held[0].order_id)
    assert states(both) == ["offered", "waiting"]
    with pytest.raises(SoldOut):
        both.order("student")
    order = both.order("regular", voucher=code_of(both, 0))
    both.pay(order)
    assert (both.state(order), both.quota_taken()) == ("paid", 3)
    assert [type(each) for each in both.said(WaitlistJoined, WaitlistOffered)][:3].count(WaitlistJoined) == 2


def test_pretix_2119_1391_the_list_survives_a_tier_transition_and_offers_the_price_that_is_open(both: Stage) -> None:
    held = fill(both)
    join(both, "ada@example.org")
    cancel_order(both.database, held[0].order_id)
    [offered] = both.said(WaitlistOffered)
    assert (offered.price, offered.admission_type) == (euros(299), "regular"), "the early bird is full and stays closed"
    order = both.order("regular", voucher=code_of(both, 0), expected_total=euros(299))
    assert order.placed.total == euros(299)


def test_an_offer_that_nobody_takes_passes_on_to_the_next(both: Stage) -> None:
    held = fill(both)
    for name in ("ada", "bob"):
        join(both, f"{name}@example.org")
        both.clock.advance_to(both.clock.now() + timedelta(seconds=1))
    for each in held:
        both.pay(each)
    cancel_order(both.database, held[0].order_id)
    code = code_of(both, 0)
    both.wait(seconds=ACCEPT_WITHIN.total_seconds() + 1)
    assert states(both) == ["lapsed", "offered"]
    assert len(both.said(WaitlistOfferLapsed)) == 1
    with pytest.raises(VoucherExpired):
        both.order("regular", voucher=code)
    both.wait(seconds=ACCEPT_WITHIN.total_seconds() + 1)
    assert states(both) == ["lapsed", "lapsed"]
    assert both.order("regular").placed.total == euros(299), "nobody waits: it is on sale again"


def test_an_offer_whose_order_lapses_in_time_can_be_ordered_again(hall: Stage) -> None:
    held = fill(hall)
    join(hall, "ada@example.org")
    for each in held:
        hall.pay(each)
    cancel_order(hall.database, held[0].order_id)
    order = hall.order("regular", voucher=code_of(hall, 0))
    hall.wait(minutes=31)
    assert (hall.state(order), states(hall), hall.quota_taken()) == ("lapsed", ["offered"], 3)
    again = hall.order("regular", voucher=code_of(hall, 0))
    hall.pay(again)
    hall.wait(days=3)
    assert (hall.state(again), states(hall)) == ("paid", ["accepted"])


def test_nobody_waits_for_what_can_be_bought_and_an_address_waits_once(hall: Stage) -> None:
    with pytest.raises(Conflict, match="There are tickets left"):
        join(hall, "ada@example.org")
    fill(hall)
    assert join(hall, "ada@example.org")
    assert not join(hall, "ADA@example.org")
    assert len(hall.said(WaitlistJoined)) == 1


def test_who_leaves_passes_an_offer_on(hall: Stage) -> None:
    held = fill(hall)
    for name in ("ada", "bob"):
        join(hall, f"{name}@example.org")
        hall.clock.advance_to(hall.clock.now() + timedelta(seconds=1))
    cancel_order(hall.database, held[0].order_id)
    leave_waitlist(hall.database, entry_ids(hall)[0])
    assert states(hall) == ["left", "offered"]
    with pytest.raises(Conflict):
        leave_waitlist(hall.database, entry_ids(hall)[0])


def test_an_offer_by_hand_needs_a_place_that_is_free(hall: Stage) -> None:
    fill(hall)
    join(hall, "ada@example.org")
    with pytest.raises(SoldOut), hall.database.transaction() as tx:
        offer_now(tx, hall.conference.conference_id, entry_ids(hall)[0])
    assert states(hall) == ["waiting"]


def test_a_place_that_was_offered_paid_and_given_back_goes_to_who_is_next(hall: Stage) -> None:
    held = fill(hall)
    join(hall, "ada@example.org")
    cancel_order(hall.database, held[0].order_id)
    with hall.database.reading() as connection:
        code = connection.execute(sa.select(voucher_codes.c.code)).scalar_one()
    order = hall.order("regular", voucher=code)
    hall.pay(order)
    hall.clock.advance_to(hall.clock.now() + timedelta(seconds=1))
    join(hall, "bo@example.org")
    cancel_order(hall.database, order.order_id)
    assert states(hall) == ["offered", "offered"], "the first has had theirs"
    assert hall.quota_taken() == 3


class Line(RuleBasedStateMachine):
    """Orders, lapses, cancellations, joining, leaving and time, against a list of names and a number of places."""

    stage: Stage
    made: int = 0

    @initialize()
    def open(self) -> None:
        type(self).made += 1
        plan = replace(PLAN, slug=f"hall-{type(self).made}", days=(date(2037, 6, 7),))
        with self.stage.database.transaction() as tx:
            self.stage.conference = open_conference(tx, plan)
        self.held: list[Held] = []
        self.line: list[str] = []
        self.offered: dict[str, str] = {}
        self.names = 0

    def rows(self) -> list[sa.Row[tuple[object, ...]]]:
        with self.stage.database.reading() as connection:
            mine = waiting.c.conference_id == self.stage.conference.conference_id
            return list(connection.execute(sa.select(waiting).where(mine).order_by(waiting.c.entry_id)))

    def serve(self) -> None:
        """The model: as many of the line as there are places get an offer, in order."""
        while self.line and len(self.held) + len(self.offered) < 3:
            self.offered[self.line.pop(0)] = ""

    @rule(admission_type=st.sampled_from(["regular", "student"]))
    def buy(self, admission_type: str) -> None:
        free = 3 - len(self.held) - len(self.offered)
        if free > 0:
            self.held.append(self.stage.order(admission_type))
        else:
            with pytest.raises(Refused):
                self.stage.order(admission_type)

    @rule()
    def join(self) -> None:
        free = 3 - len(self.held) - len(self.offered)
        self.names += 1
        self.stage.clock.advance_to(self.stage.clock.now() + timedelta(seconds=1))
        email = f"n{self.names}@example.org"
        if free > 0:
            with pytest.raises(Conflict):
                join_waitlist(self.stage.database, self.stage.conference.slug, "regular", "N", email, "en")
        else:
            join_waitlist(self.stage.database, self.stage.conference.slug, "regular", "N", email, "en")
            self.line.append(self.rows()[-1].entry_id)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        order = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        cancel_order(self.stage.database, order.order_id)
        self.serve()

    @precondition(lambda self: self.line or self.offered)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from([*self.line, *self.offered]))
        leave_waitlist(self.stage.database, entry)
        if entry in self.offered:
            del self.offered[entry]
        else:
            self.line.remove(entry)
        self.serve()

    @precondition(lambda self: self.offered)
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(sorted(self.offered)))
        [lot] = [row.lot_id for row in self.rows() if row.entry_id == entry]
        with self.stage.database.reading() as connection:
            code = connection.execute(sa.select(voucher_codes.c.code).where(voucher_codes.c.lot_id == lot)).scalar_one()
        order = self.stage.order("regular", voucher=code)
        self.stage.pay(order)
        self.held.append(order)
        del self.offered[entry]

    @precondition(lambda self: self.offered and not any(self.stage.state(each) == "held" for each in self.held))
    @rule()
    def let_offers_lapse(self) -> None:
        self.offered.clear()
        self.serve()
        self.stage.wait(seconds=ACCEPT_WITHIN.total_seconds())

    @invariant()
    def the_line_is_the_models(self) -> None:
        rows = self.rows() if hasattr(self, "line") else []
        if not rows:
            return
        assert [row.entry_id for row in rows if row.state == "waiting"] == self.line
        used = [row.entry_id for row in rows if row.state == "offered"]
        assert set(self.offered) <= set(used)
        assert self.stage.problems() == []


def test_the_list_of_who_waits_is_that_of_a_simple_model_through_any_history(
    fresh_database_urls: str, tmp_path: Path
) -> None:
    stage = Stage(tmp_path / "home", fresh_database_urls, PLAN)
    machine = type("LineOfThis", (Line,), {"stage": stage})
    try:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
        assert stage.problems() == []
    finally:
        stage.close()


def test_join_wait_be_offered_order_and_leave_as_people_do_it(hall: Stage) -> None:
    browser, at = hall.browser(), "/searchlight/waiting/regular"
    assert browser.get(at).status_code == 303, "there are tickets left"
    held = fill(hall)
    assert at in browser.get("/searchlight/").get_data(as_text=True)
    wrong = send(browser, at, {"name": "Ada", "email": "no address"})
    assert (wrong.status_code, 'value="Ada"' in wrong.get_data(as_text=True)) == (422, True)
    joined = [send(browser, at, {"name": "Ada", "email": "ada@example.org"}).get_data(as_text=True) for _ in range(2)]
    assert re.sub("nonce.*", "", joined[0]) == re.sub("nonce.*", "", joined[1]), (
        "nobody learns whether an address waits"
    )
    [entry] = entry_ids(hall)
    facts = KINDS["waiting"](Desk(hall.runtime, hall.context), entry)
    place = facts["links"]["waiting"].removeprefix("http://localhost")
    assert facts["facts"]["position"] == "1"
    assert ">1<" in re.sub(r"\s", "", browser.get(place).get_data(as_text=True))
    assert browser.get(f"/waiting/{entry}?key=guessed").status_code == 404
    cancel_order(hall.database, held[0].order_id)
    offered = browser.get(place).get_data(as_text=True)
    assert "€299" in offered
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', offered))
    form = browser.post("/searchlight/", data={**fields, "action": "redeem"}).get_data(as_text=True)
    assert "Order with obligation to pay €299.00" in form
    assert 'value="ada@example.org"' in form
    done = browser.post("/searchlight/", data={**fields, "action": "order", "shown_total": "29900", "consent": "yes"})
    assert done.status_code == 303
    assert "You have ordered your ticket" in browser.get(place).get_data(as_text=True)


def test_staff_see_who_waits_and_offer_by_hand_with_an_audit_entry(hall: Stage) -> None:
    fill(hall)
    for name in ("ada", "bob"):
        join(hall, f"{name}@example.org")
        hall.clock.advance_to(hall.clock.now() + timedelta(seconds=1))
    browser = staff_browser(hall)
    at = f"/organise/{hall.conference.conference_id}/waiting"
    assert "bob@example.org" in browser.get(at).get_data(as_text=True)
    second = entry_ids(hall)[1]
    refused = send(browser, f"{at}/{second}/offer", {}, at)
    assert (refused.status_code, "Sold out" in refused.get_data(as_text=True)) == (409, True)
    assert staff_browser(hall, con_other=["organiser"]).get(at).status_code == 403


def test_a_hall_that_grows_serves_who_waits(hall: Stage) -> None:
    fill(hall)
    join(hall, "ada@example.org")
    with hall.database.transaction() as tx:
        change_conference(tx, hall.conference.conference_id, capacity=4)
    hall.settle()
    assert (states(hall), hall.quota_taken()) == (["offered"], 4)
