"""Companies buy places before they know who comes: named on the ticket's page, reminded before doors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.ticket.handlers import AttendeeWish, correct_name
from services.ticket.store.tables import admissions
from shared.errors import Gone, InvalidInput
from shared.events.ticketing import AdmissionIssued, NamesMissing
from shared.internal import wsgi_transport
from tests.ticket.stage import Held, Stage
from tests.ticket.test_pages import filled
from tests.ticket.test_transfers import COMPANY


def company_order(stage: Stage, **changes: Any) -> Held:
    people = (AttendeeWish("Ada", "ada@example.org", "regular"), AttendeeWish("", "", "regular"))
    return stage.order("regular", "regular", **{"billing": COMPANY, "attendees": people, **changes})


def second(stage: Stage, order: Held) -> str:
    where = admissions.c.order_id == order.order_id
    return str(stage.cell(sa.select(admissions.c.admission_id).where(where, admissions.c.position == 1)))


def test_a_ticket_without_a_name_comes_to_the_buyer_who_is_reminded_once_before_doors(stage: Stage) -> None:
    order = company_order(stage)
    stage.pay(order)
    assert len(stage.said(AdmissionIssued)) == 2
    stage.wait(days=(stage.conference.doors_at - stage.clock.now()).days - 11)
    assert stage.said(NamesMissing) == []
    stage.wait(days=3)
    assert [(each.order_id, each.count) for each in stage.said(NamesMissing)] == [(order.order_id, 1)]
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    ticket = stage.runtime.internal("ticket")
    told = ticket.post("/mail", {"kind": "names_missing", "subject": order.order_id})
    assert [each["link"].split("?")[0].rsplit("/", 1)[-1] for each in told["facts"]["listed"]] == [second(stage, order)]
    with stage.database.transaction() as tx:
        correct_name(tx, second(stage, order), "Grace")
    with pytest.raises(Gone):
        ticket.post("/mail", {"kind": "names_missing", "subject": order.order_id})


def test_who_is_named_in_time_is_not_asked_for(stage: Stage) -> None:
    order = company_order(stage)
    stage.pay(order)
    with stage.database.transaction() as tx:
        correct_name(tx, second(stage, order), "Grace")
    stage.wait(days=100)
    assert stage.said(NamesMissing) == []


def test_an_order_that_was_made_after_the_reminders_time_is_not_reminded(stage: Stage) -> None:
    stage.clock.advance_to(stage.conference.doors_at - timedelta(days=5))
    stage.settle()
    stage.pay(company_order(stage))
    stage.wait(days=4)
    assert stage.said(NamesMissing) == []


def test_only_a_company_names_its_people_later_and_never_the_first(stage: Stage) -> None:
    nobody = AttendeeWish("", "", "regular")
    ada = AttendeeWish("Ada", "ada@example.org", "regular")
    for wrong in ({"attendees": (ada, nobody), "billing": type(COMPANY)()}, {"attendees": (nobody, ada)}):
        with pytest.raises(InvalidInput):
            company_order(stage, **wrong)
    assert stage.quota_taken() == 0


def test_the_form_lets_a_company_leave_later_names_empty_and_nobody_else(stage: Stage) -> None:
    client = stage.browser()
    two = {"count": "2", "admission_type.1": "regular", "name.1": "", "email.1": "", "shown_total": "39800"}
    person = client.post("/searchlight/", data=filled(client, **two))
    assert person.status_code == 422
    company = {"company": "Beispiel GmbH", "address": "Musterweg 5", "city": "Berlin", "country": "DE"}
    answer = client.post("/searchlight/", data=filled(client, **two, **company))
    assert answer.status_code == 303
    assert "(no name yet)" in client.get(answer.headers["Location"]).get_data(as_text=True)
