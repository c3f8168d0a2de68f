"""Everybody gets what is known of them, and is forgotten when they wish; what tax law asks for stays, without them."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from services.ticket.domain.billing import Billing
from services.ticket.domain.waitlist import Entry
from services.ticket.dossier import by_address
from services.ticket.handlers import erase_address
from services.ticket.store.billing_tables import billing
from services.ticket.store.orders import Person
from services.ticket.store.tables import ledger, orders, payments, people
from services.ticket.store.waiting import record_entry
from shared.events import PersonErased, StaffActed
from shared.web.security import cookie_name
from shared.web.staff import EVERYWHERE, Role, Staff, sign
from tests.ticket.stage import Held, Stage
from tests.ticket.test_holders import holder, seat, send


@pytest.fixture
def paid(stage: Stage) -> Held:
    facts = Billing("Beispiel GmbH", ("Beispielstraße 1",), "10115", "Berlin", "DE", wants_invoice=True)
    order = stage.order("regular", "regular", company="Beispiel GmbH", country="DE", billing=facts)
    stage.pay(order)
    return order


def count(stage: Stage, table: sa.Table) -> int:
    return int(stage.cell(sa.select(sa.func.count()).select_from(table)))


def test_a_holder_takes_their_own_data_along_and_nobody_elses(stage: Stage, paid: Held) -> None:
    browser, path = holder(stage, paid)
    known = browser.get(f"{path}/data.json").get_json()
    assert [each["email"] for each in known["people"]] == ["guest1@example.org"]
    assert [each["order"] for each in known["tickets"]] == [paid.reference] and known["orders"] == []
    assert "guest1@example.org" in browser.get(f"{path}/data").get_data(as_text=True)
    for other in ("guest2@example.org", "buyer@example.org", "Beispiel GmbH", paid.secret):
        assert other not in str(known)


def test_a_buyer_sees_the_order_and_its_payments(stage: Stage, paid: Held) -> None:
    browser = stage.browser()
    browser.get(f"/orders/{paid.reference}?key={paid.secret}")
    known = browser.get(f"/orders/{paid.reference}/data.json").get_json()
    (person,), (order,) = known["people"], known["orders"]
    assert (person["company"], person["country"]) == ("Beispiel GmbH", "DE")
    assert order["billing"]["city"] == "Berlin"
    assert order["payments"][0]["amount"] == order["total"] and "accepted_texts" in order
    assert stage.browser().get(f"/orders/{paid.reference}/data.json").status_code == 403


def test_an_erased_holder_is_gone_everywhere_and_the_money_stays(stage: Stage, paid: Held) -> None:
    before = (count(stage, payments), count(stage, ledger), count(stage, orders))
    browser, path = holder(stage, paid)
    admission = seat(stage, paid)
    status, page = send(browser, f"{path}/data", f"{path}/erase")
    assert status == 200 and "(erased)" in page and "guest1@example.org" not in page
    assert [each.person for each in stage.said(PersonErased)] == [f"ticket:{admission.attendee}"]
    assert count(stage, people) == 2
    assert (count(stage, payments), count(stage, ledger), count(stage, orders)) == before
    assert browser.get(f"{path}/data.json").get_json() == {"people": [], "orders": [], "tickets": [], "waiting": []}
    status, page = send(browser, f"{path}/name", name="Back again")
    assert status == 422 and "was erased" in page


def test_an_erased_buyer_leaves_no_name_and_no_company(stage: Stage, paid: Held) -> None:
    browser = stage.browser()
    browser.get(f"/orders/{paid.reference}?key={paid.secret}")
    send(browser, f"/orders/{paid.reference}/data", f"/orders/{paid.reference}/erase")
    assert count(stage, billing) == 0
    with stage.database.reading() as connection:
        left = {row.email for row in connection.execute(sa.select(people))}
    assert left == {"guest1@example.org", "guest2@example.org"}


def test_nobody_is_erased_while_they_are_paying(stage: Stage) -> None:
    order = stage.order()
    browser = stage.browser()
    browser.get(f"/orders/{order.reference}?key={order.secret}")
    status, page = send(browser, f"/orders/{order.reference}/data", f"/orders/{order.reference}/erase")
    assert status == 409 and "still open" in page
    assert stage.said(PersonErased) == []


def test_staff_answer_and_erase_by_address_and_both_are_in_the_audit_trail(stage: Stage, paid: Held) -> None:
    browser = stage.browser()
    at = f"/organise/{stage.conference.conference_id}/people"
    assert browser.get(at).status_code in (302, 303)
    roles: dict[str, list[Role]] = {EVERYWHERE: ["organiser"]}
    cookie = sign(stage.runtime.signer("staff"), Staff("stf_1", roles), stage.clock.now())
    browser.set_cookie(cookie_name(stage.runtime.settings, "staff"), cookie)
    status, page = send(browser, at, email="Guest2@example.org")
    assert status == 200 and "guest2@example.org" in page and "guest1@example.org" not in page
    page = browser.get(at).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    form = {"csrf_token": found[1], "email": "guest2@example.org"}
    assert browser.post(f"{at}/data.json", data=form).get_json()["people"][0]["email"] == "guest2@example.org"
    assert "Erased" in browser.post(f"{at}/erase", data=form, follow_redirects=True).get_data(as_text=True)
    acts = stage.said(StaffActed)
    assert [each.action for each in acts] == ["person_exported", "person_erased"] and "@" not in str(acts)
    assert count(stage, people) == 2


def test_who_waits_is_found_and_forgotten_by_address_too(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        person = Person(tx.ids.new("per", tx.now), "Wim Warten", "wim@example.org", "en")
        entry = Entry("wte_1", "wtl_1", stage.conference.conference_id, "regular", person.person_id, tx.now)
        record_entry(tx, entry, "secret", person)
    with stage.database.transaction() as tx:
        known = by_address(tx.connection, stage.conference.conference_id, "Wim@example.org")
        assert [each.name for each in known.people] == ["Wim Warten"]
        assert [each["admission_type"] for each in known.as_json()["waiting"]] == ["regular"]
        assert erase_address(tx, stage.conference.conference_id, "wim@example.org") == [person.person_id]
    assert [each.person for each in stage.said(PersonErased)] == [f"ticket:{person.person_id}"]
