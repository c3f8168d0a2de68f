"""Placing orders: what is held, at which price, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.ticket.domain.errors import NotEnoughLeft, NotOnSale, PriceChanged, SoldOut, VoucherUnknown, VoucherUsedUp
from services.ticket.handlers import make_vouchers, open_conference, place_order
from services.ticket.store import vouchers
from shared.database.migrate import differences
from shared.errors import Conflict, InvalidInput, NotFound
from shared.events.ticketing import (
    AdmissionIssued,
    ConferenceOpened,
    OrderHeld,
    OrderPaid,
    TierClosed,
    TierEndingSoon,
    TierOpened,
    VoucherRedeemed,
)
from tests.ticket.stage import EARLY_ENDS, START, Stage, euros, make_plan, make_wish


def test_the_migrations_make_the_tables_of_the_code(stage: Stage) -> None:
    assert differences(stage.database) == []


def test_an_order_holds_capacity_and_price_for_thirty_minutes(stage: Stage) -> None:
    order = stage.order("regular", "student", expected_total=euros(199 + 59))

    assert order.placed.status == "held"
    assert order.placed.total == euros(258)
    assert order.placed.hold_expires_at == START + timedelta(minutes=30)
    assert stage.quota_taken() == 2
    assert stage.taken("Early bird") == 1
    [held] = stage.said(OrderHeld)
    assert held.total == euros(258)
    assert [(line.admission_type, line.count) for line in held.lines] == [("regular", 1), ("student", 1)]
    assert sum(vat.net.amount + vat.vat.amount for vat in held.vat) == 25800


def test_opening_a_conference_says_its_facts_and_which_tiers_are_open(stage: Stage) -> None:
    [opened] = stage.said(ConferenceOpened)
    assert opened.slug == "searchlight"
    assert [tier.name_en for tier in opened.tiers] == ["Early bird", "Regular", "Last minute", "Student"]
    assert opened.tiers[1].starts_at == EARLY_ENDS
    assert [(tier.name, tier.opened_at) for tier in stage.said(TierOpened)] == [
        ("Early bird", START),
        ("Student", START),
    ]


def test_an_address_is_given_to_one_conference_only(stage: Stage) -> None:
    with pytest.raises(Conflict), stage.database.transaction() as tx:
        open_conference(tx, make_plan())


def test_the_order_that_reaches_the_cap_closes_the_tier_in_its_own_transaction(stage: Stage) -> None:
    stage.order(*["regular"] * 5)

    [closed] = stage.said(TierClosed)
    assert (closed.name, closed.reason, closed.taken, closed.closed_at) == ("Early bird", "cap", 5, START)
    assert closed.next_price == euros(299)
    assert stage.said(TierOpened)[-1].name == "Regular"
    assert stage.order().placed.total == euros(299)


def test_a_tier_that_is_nearly_gone_is_announced_once(stage: Stage) -> None:
    stage.order(*["regular"] * 4)
    [soon] = stage.said(TierEndingSoon)
    assert (soon.taken, soon.days_before, soon.next_price) == (4, None, euros(299))
    stage.order()
    assert len(stage.said(TierEndingSoon)) == 1


def test_an_order_larger_than_what_is_left_at_this_price_is_told_what_is_left_and_the_next_price(stage: Stage) -> None:
    stage.order(*["regular"] * 3)
    with pytest.raises(NotEnoughLeft) as refused:
        stage.order(*["regular"] * 3)
    assert refused.value.facts["left"] == 2
    assert refused.value.facts["next_price"] == {"amount": 29900, "currency": "EUR"}
    assert stage.quota_taken() == 3


def test_nobody_pays_a_price_they_did_not_see(stage: Stage) -> None:
    stage.clock.advance_to(EARLY_ENDS)  # no timer has run: the open tier is a function of the time
    with pytest.raises(PriceChanged) as refused:
        stage.order(expected_total=euros(199))
    assert refused.value.facts == {
        "expected": {"amount": 19900, "currency": "EUR"},
        "total": {"amount": 29900, "currency": "EUR"},
    }
    assert stage.quota_taken() == 0
    assert stage.order(expected_total=euros(299)).placed.total == euros(299)


def test_a_tier_ends_by_date_even_if_the_timer_comes_late(stage: Stage) -> None:
    stage.clock.advance_to(EARLY_ENDS + timedelta(days=2))
    stage.settle()
    [closed] = stage.said(TierClosed)
    assert (closed.reason, closed.closed_at) == ("date", EARLY_ENDS)
    assert stage.said(TierOpened)[-1].opened_at == EARLY_ENDS


def test_the_end_of_a_tier_is_announced_seven_and_two_days_before_at_local_time(stage: Stage) -> None:
    stage.wait(days=40)
    days = [(event.days_before, event.name) for event in stage.said(TierEndingSoon)]
    assert days == [(7, "Early bird"), (2, "Early bird")]
    assert len(stage.said(TierClosed)) == 1


def test_sold_out_is_said_as_such(stage: Stage) -> None:
    stage.order(*["student"] * 10)
    stage.order(*["student"] * 10)
    with pytest.raises(SoldOut):
        stage.order("student")
    with pytest.raises(SoldOut):
        stage.order("regular")


def test_more_than_the_capacity_that_is_left_is_refused_with_what_is_left(stage: Stage) -> None:
    stage.order(*["student"] * 10)
    stage.order(*["student"] * 8)
    with pytest.raises(NotEnoughLeft) as refused:
        stage.order(*["student"] * 3)
    assert refused.value.facts["left"] == 2


@pytest.mark.parametrize("count", [0, 11])
def test_an_order_has_one_to_ten_attendees(stage: Stage, count: int) -> None:
    with pytest.raises(InvalidInput):
        place_order(stage.database, "searchlight", make_wish(attendees=make_wish(*["regular"] * 11).attendees[:count]))
    assert stage.quota_taken() == 0


def test_unknown_conferences_and_admission_types_are_refused(stage: Stage) -> None:
    with pytest.raises(NotFound):
        place_order(stage.database, "elsewhere", make_wish())
    with pytest.raises(InvalidInput) as refused:
        stage.order("regular", "emperor")
    assert "attendees.1.admission_type" in refused.value.facts["errors"]  # type: ignore[operator]


def test_a_conference_whose_sales_have_not_begun_says_when_they_do(stage: Stage) -> None:
    plan = make_plan(slug="later")
    types = (plan.types[0].__class__("regular", "R", "R", plan.types[0].tiers, START + timedelta(days=3)),)
    with stage.database.transaction() as tx:
        open_conference(tx, make_plan(slug="later", types=types))
    with pytest.raises(NotOnSale) as refused:
        place_order(stage.database, "later", make_wish())
    assert str(refused.value.facts["opens_at"]).startswith("2027-03-04T09:00")
    stage.wait(days=4)
    assert place_order(stage.database, "later", make_wish()).total == euros(199)


def test_the_same_key_and_body_give_the_same_order(stage: Stage) -> None:
    first = place_order(stage.database, "searchlight", make_wish(), "key", "digest")
    again = place_order(stage.database, "searchlight", make_wish(), "key", "digest")
    assert again == first
    assert stage.quota_taken() == 1


def test_another_body_under_a_used_key_is_refused(stage: Stage) -> None:
    place_order(stage.database, "searchlight", make_wish(), "key", "digest")
    with pytest.raises(Conflict):
        place_order(stage.database, "searchlight", make_wish("student"), "key", "other")
    assert stage.quota_taken() == 1


def test_a_refused_try_can_be_repeated_under_its_key(stage: Stage) -> None:
    stage.order(*["regular"] * 4)
    with pytest.raises(NotEnoughLeft):
        place_order(stage.database, "searchlight", make_wish("regular", "regular"), "key", "digest")
    assert place_order(stage.database, "searchlight", make_wish("regular"), "key", "digest2").status == "held"


def test_a_key_can_be_used_anew_after_a_day(stage: Stage) -> None:
    first = place_order(stage.database, "searchlight", make_wish(), "key", "digest")
    stage.wait(hours=25)
    assert place_order(stage.database, "searchlight", make_wish(), "key", "digest").reference != first.reference


def lot_of(stage: Stage, count: int, admission_type: str = "sponsor") -> list[str]:
    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, admission_type, count)
    with stage.database.reading() as connection:
        return [row.code for row in vouchers.codes_of(connection, lot.lot_id)]


def test_a_voucher_buys_a_free_admission_without_any_payment(stage: Stage) -> None:
    [code] = lot_of(stage, 1)
    order = stage.order("sponsor", voucher=f" {code[:4]}-{code[4:].lower()} ", expected_total=euros(0))

    assert (order.placed.status, order.placed.total) == ("paid", euros(0))
    [issued] = stage.said(AdmissionIssued)
    assert (issued.comp, issued.price, issued.tier_id) == (True, euros(0), "")
    assert stage.said(OrderPaid)[0].payment_method == "free"
    assert stage.said(VoucherRedeemed)[0].count == 1
    assert stage.quota_taken() == 1
    assert stage.worker.next_due() != order.placed.hold_expires_at


def test_a_voucher_frees_one_of_several_attendees(stage: Stage) -> None:
    [code] = lot_of(stage, 1, "regular")
    order = stage.order("regular", "regular", voucher=code)
    assert order.placed.total == euros(199)
    assert stage.taken("Early bird") == 1
    assert stage.quota_taken() == 2


def test_a_voucher_is_used_once(stage: Stage) -> None:
    [code] = lot_of(stage, 1)
    stage.order("sponsor", voucher=code)
    with pytest.raises(VoucherUsedUp):
        stage.order("sponsor", voucher=code)


def test_an_unknown_voucher_is_refused_at_its_field(stage: Stage) -> None:
    with pytest.raises(VoucherUnknown) as refused:
        stage.order(voucher="GUESSED")
    assert "voucher" in refused.value.facts["errors"]  # type: ignore[operator]


def test_a_voucher_for_another_ticket_says_for_which(stage: Stage) -> None:
    [code] = lot_of(stage, 1)
    with pytest.raises(InvalidInput) as refused:
        stage.order("regular", voucher=code)
    assert refused.value.facts["admission_type"] == "sponsor"


def test_a_type_without_a_price_needs_a_voucher(stage: Stage) -> None:
    with pytest.raises(InvalidInput):
        stage.order("sponsor")


def test_consents_stay_with_the_order_in_the_version_that_was_accepted(stage: Stage) -> None:
    from services.ticket.store.tables import orders

    stage.order(consents={"terms": 1, "privacy": True})
    import sqlalchemy as sa

    kept = stage.cell(sa.select(orders.c.consents))
    assert {kind: each["version"] for kind, each in kept.items()} == {"terms": 1, "privacy": 1}
    with pytest.raises(Conflict):
        stage.order(consents={"terms": 7})
    with pytest.raises(InvalidInput):
        stage.order(consents={"blood": 1})
