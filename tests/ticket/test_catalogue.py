"""What is sold: types for some of the days, types that only their voucher shows, and the tax that a sale keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.domain.conference import ConferencePlan, TierPlan, TypePlan
from services.ticket.domain.policy import Step, gives_less, percent_at
from services.ticket.domain.voucher import Kind
from services.ticket.handlers import cancel_order, make_vouchers
from services.ticket.store import conferences, documents, vouchers
from services.ticket.store.orders import load_order
from shared.errors import InvalidInput
from shared.events import StaffActed
from shared.events.ticketing import AdmissionIssued
from shared.internal import wsgi_transport
from tests.documents.reading import pdf_text
from tests.ticket.stage import Stage, euros, make_plan
from tests.ticket.test_documents import issued, pdf_of
from tests.ticket.test_holders import send
from tests.ticket.test_staff_pages import send as staff_send
from tests.ticket.test_staff_pages import staff_browser
from tests.ticket.test_transfers import COMPANY, sell

SATURDAY = date(2027, 6, 8)


def types_with(*more: TypePlan) -> ConferencePlan:
    plan = make_plan()
    return replace(plan, types=(*plan.types, *more))


def stage_with(tmp_path: Path, *more: TypePlan) -> Stage:
    return Stage(tmp_path, plan=types_with(*more))


def one_day(**facts: Any) -> TypePlan:
    return TypePlan(
        "saturday", "Saturday", "Samstag", (TierPlan("Saturday", "Samstag", 9900),), days=(SATURDAY,), **facts
    )


def hidden() -> TypePlan:
    return TypePlan("friend", "Friend", "Freundeskreis", (TierPlan("Friend", "Freundeskreis", 4900),), is_hidden=True)


def test_an_admission_is_for_the_days_of_its_type_and_else_for_all(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, one_day())
    order = stage.order("regular", "saturday")
    stage.pay(order)
    issued = {each.admission_type: each.days for each in stage.said(AdmissionIssued)}
    assert issued == {"regular": stage.conference.days, "saturday": (SATURDAY,)}
    stage.close()


def test_a_type_for_a_day_outside_the_conference_is_refused() -> None:
    plan = types_with(replace(one_day(), days=(date(2027, 6, 9),)))
    with pytest.raises(InvalidInput) as refused:
        plan.check()
    assert "2027-06-09" in refused.value.facts["errors"]["types"][0]


def test_a_sale_keeps_the_vat_rate_it_was_made_with(stage: Stage) -> None:
    sell(stage)
    order = stage.order("regular", "regular", payment_method="transfer", billing=COMPANY)
    stage.settle()
    with stage.database.transaction() as tx:
        changed = tuple(replace(each, vat_rate=700) for each in stage.conference.admission_types)
        conferences.save_conference(tx, replace(stage.conference, admission_types=changed))
    cancel_order(stage.database, order.order_id)
    stage.settle()
    with stage.database.reading() as connection:
        issued = documents.documents_of(connection, order.order_id)
        order_now = load_order(connection, order.order_id)
    rates = {rate for each in issued for _, _, rate, _ in each.sheet["items"]}
    assert rates == {1900}
    assert sum(each.total.amount for each in issued) == 0
    assert {each.vat_rate for each in order_now.admissions} == {1900}
    later = stage.order()
    with stage.database.reading() as connection:
        assert [each.vat_rate for each in load_order(connection, later.order_id).admissions] == [700]


def test_an_exemption_is_printed_with_its_rule(tmp_path: Path) -> None:
    rule = "Tax exempt under section 4 no. 22 a of the VAT act."
    stage = stage_with(tmp_path, replace(one_day(), vat_rate=0, exemption_en=rule))
    sell(stage)
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    order = stage.order("saturday", payment_method="transfer", billing=COMPANY)
    stage.settle()
    (invoice,) = issued(stage, order)
    pdf = pdf_of(stage, invoice)
    assert rule in " ".join(pdf_text(pdf).split())
    stage.close()


def test_what_stripe_is_asked_for_and_the_vat_leave_out_what_was_given_back(stage: Stage) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    with stage.database.reading() as connection:
        loaded = load_order(connection, order.order_id)
    loaded.admissions[0].cancelled_at = stage.clock.now()
    assert [(line.code, line.gross, line.vat_rate) for line in loaded.priced_lines()] == [("student", euros(59), 1900)]


def test_a_hidden_type_is_seen_and_sold_only_with_its_voucher(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, hidden())
    browser = stage.browser()
    assert "Friend" not in browser.get("/searchlight/").get_data(as_text=True)
    listed = browser.get("/api/v1/conferences/searchlight").get_json()
    assert "friend" not in [each["code"] for each in listed["admission_types"]]
    refused = browser.post("/api/v1/conferences/searchlight/prices", json={"admission_types": ["friend"]})
    assert refused.status_code == 422
    with pytest.raises(InvalidInput):
        stage.order("friend")
    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, "friend", 1, kind=Kind.UNLOCK)
        (row,) = vouchers.codes_of(tx.connection, lot.lot_id)
    _, page = send(browser, "/searchlight/", action="redeem", voucher=row.code, people="1")
    assert "Friend" in page
    with pytest.raises(InvalidInput):
        stage.order("friend", "friend", voucher=row.code)
    assert stage.order("friend", voucher=row.code).placed.total == euros(49)
    stage.close()


# The organisers' pages


def page_of(stage: Stage, path: str) -> str:
    return f"/organise/{stage.conference.conference_id}/{path}"


def test_prices_are_previewed_for_any_day_with_the_caterers_deadline(stage: Stage) -> None:
    browser = staff_browser(stage)
    early = browser.get(page_of(stage, "preview?on=2027-03-10")).get_data(as_text=True)
    assert "Early bird, open now" in early and "82 days later" in early
    late = browser.get(page_of(stage, "preview?on=2027-06-05")).get_data(as_text=True)
    assert "Last minute, open now" in late and "is fixed by then" in late
    assert "aria-invalid" in browser.get(page_of(stage, "preview?on=tomorrow")).get_data(as_text=True)


def test_the_policy_is_changed_freely_before_the_first_sale_and_then_only_for_the_better(stage: Stage) -> None:
    at, browser = page_of(stage, "policy"), staff_browser(stage)
    stricter = {"days.0": "60", "percent.0": "80"}
    assert staff_send(browser, at, stricter).status_code == 303
    stage.pay(stage.order())
    refused = staff_send(browser, at, {"days.0": "60", "percent.0": "50"})
    assert refused.status_code == 422 and "may only give more" in refused.get_data(as_text=True)
    assert 'value="50"' in refused.get_data(as_text=True), "what was typed is kept"
    assert (
        staff_send(browser, at, {"days.0": "30", "percent.0": "100", "days.1": "7", "percent.1": "50"}).status_code
        == 303
    )
    with stage.database.reading() as connection:
        now = conferences.conference_by_slug(connection, "searchlight").cancellation
    assert now == (Step(30, 100), Step(7, 50))
    assert (
        staff_send(browser, at, {"days.0": "7", "percent.0": "50", "days.1": "30", "percent.1": "100"}).status_code
        == 422
    )
    assert [act.action for act in stage.said(StaffActed)] == ["policy_changed", "policy_changed"]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 100)), max_size=4),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 100)), max_size=4),
)
def test_new_steps_give_less_exactly_where_some_day_gives_less(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    before, after = ([Step(*each) for each in sorted(steps, reverse=True)] for steps in (old, new))
    doors = datetime(2027, 6, 7, 7, tzinfo=UTC)
    worse = any(
        percent_at(after, doors, "UTC", doors - timedelta(days=day))
        < percent_at(before, doors, "UTC", doors - timedelta(days=day))
        for day in range(62)
    )
    assert gives_less(after, before) == worse


def types_form(stage: Stage, **changes: str) -> dict[str, str]:
    form: dict[str, str] = {}
    for each in stage.conference.admission_types:
        form |= {
            f"{each.code}.name_en": each.name_en,
            f"{each.code}.name_de": each.name_de,
            f"{each.code}.vat_rate": "19",
        }
    return {**form, **{name.replace("__", "."): value for name, value in changes.items()}}


def test_a_types_tax_and_days_are_changed_for_what_is_sold_from_then_on(stage: Stage) -> None:
    at, browser = page_of(stage, "types"), staff_browser(stage)
    changes = {"student.vat_rate": "7", "student.day.2027-06-08": "yes", "regular.exemption_en": "By rule."}
    assert staff_send(browser, at, {**types_form(stage), **changes}).status_code == 303
    stage.pay(stage.order("student"))
    (issued_now,) = stage.said(AdmissionIssued)
    assert issued_now.days == (SATURDAY,)
    page = browser.get(at).get_data(as_text=True)
    assert 'value="7"' in page and "By rule." in page
    narrower = {**types_form(stage), "student.day.2027-06-07": "yes"}
    refused = staff_send(browser, at, narrower)
    assert refused.status_code == 422 and "stay as they are" in refused.get_data(as_text=True)
    wider = staff_send(browser, at, types_form(stage))
    assert wider.status_code == 422, "the caterer was told of one day, and so was who bought it"
    wrong = staff_send(browser, at, {**types_form(stage), "regular.vat_rate": "101"})
    assert wrong.status_code == 422
