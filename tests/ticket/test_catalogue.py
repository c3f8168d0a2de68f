"""What is sold: types for some of the days, types that only their voucher shows, and the tax that a sale keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.ticket.domain.conference import ConferencePlan, TierPlan, TypePlan
from services.ticket.domain.voucher import Kind
from services.ticket.handlers import cancel_order, make_vouchers
from services.ticket.store import conferences, documents, vouchers
from services.ticket.store.orders import load_order
from shared.errors import InvalidInput
from shared.events.ticketing import AdmissionIssued
from shared.internal import wsgi_transport
from tests.documents.reading import pdf_text
from tests.ticket.stage import Stage, euros, make_plan
from tests.ticket.test_documents import issued, pdf_of
from tests.ticket.test_holders import send
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
