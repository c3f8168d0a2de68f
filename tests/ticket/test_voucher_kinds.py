"""Vouchers of all kinds: what an order with one costs, and what a lot with capacity of its own takes away and gives back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.ticket.domain.errors import NotEnoughLeft, PriceChanged, VoucherExpired, VoucherUnknown, VoucherUsedUp
from services.ticket.domain.voucher import UNKNOWN, Kind, VoucherLot, spell_code
from services.ticket.handlers import cancel_order, make_vouchers, open_conference, revoke_lot
from services.ticket.handlers.ending import lapse
from services.ticket.store import orders, vouchers
from services.ticket.store.tables import admissions
from shared.errors import InvalidInput
from shared.events import StaffActed
from shared.events.ticketing import VoucherRedeemed, VoucherReleased
from shared.money import Money
from tests.ticket.stage import Stage, euros, make_plan
from tests.ticket.test_staff_pages import send, staff_browser


@pytest.fixture
def both(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    """The stage on either database."""
    made = Stage(tmp_path / "home", fresh_database_urls)
    yield made
    assert made.problems() == []
    made.close()


def lot_of(stage: Stage, admission_type: str = "regular", count: int = 1, **facts: Any) -> tuple[VoucherLot, list[str]]:
    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, admission_type, count, **facts)
        return lot, [row.code for row in vouchers.codes_of(tx.connection, lot.lot_id)]


def test_a_percentage_is_off_the_price_that_is_open_and_counts_against_the_tier(stage: Stage) -> None:
    _, [code] = lot_of(stage, kind=Kind.PERCENT, value=25)
    order = stage.order("regular", voucher=code, expected_total=euros(199).percent(7500))
    assert (order.placed.total.amount, stage.taken("Early bird"), stage.quota_taken()) == (14925, 1, 1)


def test_a_fixed_price_is_of_no_tier(stage: Stage) -> None:
    _, [code] = lot_of(stage, "sponsor", kind=Kind.FIXED, value=5000)
    order = stage.order("sponsor", voucher=code)
    assert (order.placed.total, order.placed.status, stage.taken("Early bird")) == (euros(50), "held", 0)
    stage.pay(order)
    assert stage.state(order) == "paid"


def test_one_code_for_many_covers_as_many_as_are_left_on_it_and_the_others_pay(stage: Stage) -> None:
    _, [code] = lot_of(stage, uses=3)
    assert stage.order("regular", "regular", voucher=code).placed.total == euros(0)
    assert stage.order("regular", "regular", voucher=code).placed.total == euros(199)
    with pytest.raises(VoucherUsedUp):
        stage.order("regular", voucher=code)


def test_the_reduced_price_is_checked_against_the_one_that_was_shown(stage: Stage) -> None:
    _, [code] = lot_of(stage, kind=Kind.PERCENT, value=50)
    with pytest.raises(PriceChanged):
        stage.order("regular", voucher=code, expected_total=euros(199))
    assert stage.quota_taken() == 0


def test_a_code_that_never_was_is_elsewhere_or_was_revoked_is_refused_with_one_sentence(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        other = open_conference(tx, make_plan(slug="elsewhere"))
        theirs = vouchers.codes_of(tx.connection, make_vouchers(tx, other, "sponsor", 1).lot_id)[0].code
    lot, [revoked] = lot_of(stage)
    with stage.database.transaction() as tx:
        revoke_lot(tx, lot.lot_id)
    said = set()
    for code in ("NOTACODEATALL", theirs, revoked, "X" * 39):
        with pytest.raises(VoucherUnknown) as refused:
            stage.order("regular", voucher=code)
        said.add((str(refused.value), str(refused.value.facts)))
    assert said == {(UNKNOWN, str({"errors": {"voucher": [UNKNOWN]}}))}


def test_what_a_lot_reserves_is_sold_to_nobody_else_and_using_it_takes_no_more(both: Stage) -> None:
    _, codes = lot_of(both, "sponsor", 18, reserves=True)
    assert both.quota_taken() == 18
    with pytest.raises(NotEnoughLeft):
        both.order("regular", "regular", "regular")
    both.order("regular", "regular")
    order = both.order("sponsor", voucher=codes[0])
    assert both.quota_taken() == 20
    cancel_order(both.database, order.order_id)
    assert both.quota_taken() == 20, "a given back admission of a lot is the lot's again"
    assert [type(each) for each in both.said(VoucherRedeemed, VoucherReleased)] == [VoucherRedeemed, VoucherReleased]


def test_a_lot_cannot_reserve_what_is_not_there(stage: Stage) -> None:
    stage.order(*["regular"] * 3)
    with pytest.raises(NotEnoughLeft):
        lot_of(stage, "sponsor", 18, reserves=True)
    assert stage.quota_taken() == 3


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_what_a_lot_reserved_goes_back_once_when_it_ends_and_what_was_used_stays(both: Stage, how: str) -> None:
    lot, codes = lot_of(both, "sponsor", 5, reserves=True, expires_at=both.clock.now() + timedelta(days=2))
    order = both.order("sponsor", voucher=codes[0])
    if how == "revoked":
        with both.database.transaction() as tx:
            revoke_lot(tx, lot.lot_id)
    both.wait(days=3)
    assert both.quota_taken() == 1
    with pytest.raises(VoucherExpired if how == "expired" else VoucherUnknown):
        both.order("sponsor", voucher=codes[1])
    cancel_order(both.database, order.order_id)
    assert both.quota_taken() == 0


def test_a_late_payment_uses_its_reserved_voucher_again_and_takes_nothing_twice(stage: Stage) -> None:
    _, [code] = lot_of(stage, kind=Kind.PERCENT, value=50, reserves=True)
    order = stage.order("regular", voucher=code)
    session = stage.pay_page(order)
    stage.pay_at_stripe(session)
    with stage.database.transaction() as tx:
        lapse(tx, orders.lock_order(tx, order.order_id), "expired")
    assert stage.quota_taken() == 1
    stage.settle()
    assert (stage.state(order), stage.quota_taken(), stage.taken("Early bird")) == ("paid", 1, 1)


@pytest.mark.parametrize(("kind", "value"), [(Kind.PERCENT, 0), (Kind.PERCENT, 100), (Kind.FIXED, 0)])
def test_a_voucher_that_takes_nothing_or_everything_off_is_refused(stage: Stage, kind: Kind, value: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        lot_of(stage, kind=kind, value=value)
    assert "value" in refused.value.facts["errors"]  # type: ignore[operator]


def test_a_percentage_of_a_type_without_a_price_is_refused(stage: Stage) -> None:
    with pytest.raises(InvalidInput):
        lot_of(stage, "sponsor", kind=Kind.PERCENT, value=10)


def test_what_a_voucher_paid_stays_with_each_admission(stage: Stage) -> None:
    _, [code] = lot_of(stage, kind=Kind.PERCENT, value=50)
    order = stage.order("regular", "regular", voucher=code)
    with stage.database.reading() as connection:
        rows = connection.execute(sa.select(admissions).where(admissions.c.order_id == order.order_id))
        assert [(row.price, row.by_voucher, row.comp) for row in rows] == [(9950, True, False), (19900, False, False)]


def test_guessing_is_limited_for_each_client_and_learns_nothing_even_of_a_right_code(stage: Stage) -> None:
    _, [code] = lot_of(stage)
    ask = {"admission_types": ["regular"]}
    at = f"/api/v1/conferences/{stage.conference.slug}/prices"
    client, other = stage.browser(), stage.browser()
    for _ in range(3):
        assert client.post(at, json={**ask, "voucher": "SAMETYPO"}).status_code == 422
    for number in range(9):
        assert client.post(at, json={**ask, "voucher": f"GUESS{number}"}).get_json()["detail"] == UNKNOWN
    refused = client.post(at, json={**ask, "voucher": code})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert other.post(at, json={**ask, "voucher": code}, environ_overrides=elsewhere).status_code == 200
    stage.wait(minutes=16)
    assert client.post(at, json={**ask, "voucher": code}).get_json()["total"] == {"amount": 0, "currency": "EUR"}


def test_machines_see_the_reduced_price_before_they_order(stage: Stage) -> None:
    _, [code] = lot_of(stage, kind=Kind.PERCENT, value=10)
    at = f"/api/v1/conferences/{stage.conference.slug}"
    shown = stage.browser().post(f"{at}/prices", json={"admission_types": ["regular", "student"], "voucher": code})
    assert [each["amount"] for each in shown.get_json()["prices"]] == [17910, 5900]
    order = stage.order("regular", "student", voucher=code, expected_total=Money(23810, "EUR"))
    assert order.placed.total.amount == shown.get_json()["total"]["amount"]


def test_a_lots_codes_come_as_csv_in_which_no_cell_is_a_formula(stage: Stage) -> None:
    lot, codes = lot_of(stage, count=3, note="=HYPERLINK(1)")
    browser = staff_browser(stage)
    at = f"/organise/{stage.conference.conference_id}/vouchers/{lot.lot_id}"
    text = browser.get(f"{at}.csv").get_data(as_text=True)
    assert all(spell_code(code) in text for code in codes)
    assert ";'=HYPERLINK(1)" in text
    other = staff_browser(stage, con_other=["organiser"])
    assert other.get(f"{at}.csv").status_code == 403


def test_a_raffle_shows_who_redeemed_how_many_and_can_be_revoked(stage: Stage) -> None:
    lot, [code] = lot_of(stage, uses=5, note="Partner conference")
    order = stage.order("regular", "regular", voucher=code)
    browser = staff_browser(stage)
    at = f"/organise/{stage.conference.conference_id}/vouchers"
    page = browser.get(f"{at}/{lot.lot_id}").get_data(as_text=True)
    assert re.search(rf'{order.reference}</a></td><td class="n">2</td>', page)
    assert "Partner conference" in browser.get(at).get_data(as_text=True)
    assert send(browser, f"{at}/{lot.lot_id}/revoke", {}, f"{at}/{lot.lot_id}").status_code == 303
    with pytest.raises(VoucherUnknown):
        stage.order("regular", voucher=code)
    assert [act.action for act in stage.said(StaffActed)] == ["vouchers_revoked"]


def test_a_lot_of_any_kind_is_made_on_the_page_and_a_wrong_one_keeps_what_was_typed(stage: Stage) -> None:
    browser = staff_browser(stage)
    at = f"/organise/{stage.conference.conference_id}/vouchers"
    form = {"admission_type": "regular", "kind": "percent", "count": "7", "uses": "1", "note": "for friends"}
    wrong = send(browser, at, form, at)
    assert (wrong.status_code, "for friends" in wrong.get_data(as_text=True)) == (422, True)
    made = send(browser, at, {**form, "percent": "30", "reserves": "yes"}, at)
    assert (made.status_code, stage.quota_taken()) == (303, 7)
    too_many = send(browser, at, {**form, "percent": "30", "reserves": "yes", "count": "14"}, at)
    assert (too_many.status_code, stage.quota_taken()) == (409, 7)
