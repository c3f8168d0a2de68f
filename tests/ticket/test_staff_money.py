"""Pages of staff about money by card: what waits and why, disputes, and a conference that is called off."""

from __future__ import annotations

import sqlalchemy as sa
from werkzeug.test import Client

from services.ticket.handlers import cancel_order
from services.ticket.store.tables import payments
from shared.events import StaffActed
from shared.events.ticketing import ConferenceCalledOff, PaymentRefunded
from tests.ticket.stage import Stage
from tests.ticket.test_staff_pages import send, staff_browser


def test_what_must_still_go_back_is_shown_with_why_it_waits(stage: Stage) -> None:
    client, at = staff_browser(stage), f"/organise/{stage.conference.conference_id}/going-back"
    assert "No refund by card waits." in client.get(at).get_data(as_text=True)
    order, other = stage.order("student"), stage.order("regular")
    stage.pay(order)
    stage.pay(other)
    stage.dial(balance="pending")
    cancel_order(stage.database, order.order_id)
    intent = stage.cell(sa.select(payments.c.intent_id).where(payments.c.order_id == other.order_id))
    assert Client(stage.fake).post("/test/disputes", json={"payment_intent": intent}).status_code == 200
    stage.settle()
    page = client.get(at).get_data(as_text=True)
    assert order.reference in page and "Stripe says: pending." in page and "€59.00" in page
    assert "the tickets stay valid until it is lost" in page
    found = client.get(f"/organise/{stage.conference.conference_id}/orders/{other.order_id}").get_data(as_text=True)
    assert "has taken this money back for now" in found
    stage.dial(reset=True)
    stage.wait(minutes=30)


def test_a_conference_is_called_off_with_its_address_typed_and_the_page_tells_how_far_it_is(stage: Stage) -> None:
    client, at = staff_browser(stage), f"/organise/{stage.conference.conference_id}/call-off"
    stage.pay(stage.order("student"))
    wrong = send(client, at, {"reason": "The roof leaks.", "slug": "another"})
    assert wrong.status_code == 422 and "The roof leaks." in wrong.get_data(as_text=True)
    assert stage.said(ConferenceCalledOff) == []
    assert send(client, at, {"reason": "The roof leaks.", "slug": "searchlight"}).status_code == 303
    assert "Orders that still stand" in client.get(at).get_data(as_text=True)
    stage.settle()
    page = client.get(at).get_data(as_text=True)
    assert "€59.00" in page and "How far are the refunds?" in page
    assert len(stage.said(PaymentRefunded)) == 1
    assert "conference_called_off" in [event.action for event in stage.said(StaffActed)]


def test_only_organisers_of_the_conference_call_it_off(stage: Stage) -> None:
    at = f"/organise/{stage.conference.conference_id}/call-off"
    for roles in ({"*": ["finance"]}, {"con_of_others": ["organiser"]}):
        assert staff_browser(stage, **roles).get(at).status_code == 403
    assert stage.browser().get(at).status_code in (302, 303, 401)


def test_staff_give_back_one_ticket_with_a_share_of_their_choice_and_never_more_than_was_paid(stage: Stage) -> None:
    client, conference = staff_browser(stage), stage.conference.conference_id
    order = stage.order("regular", "student")
    stage.pay(order)
    at = f"/organise/{conference}/orders/{order.order_id}"
    page = client.get(at).get_data(as_text=True)
    student = page.split('name="admission" value="')[2].split('"')[0]
    over = send(client, f"{at}/cancel", {"admission": student, "percent": "150"}, at)
    assert over.status_code == 422
    assert send(client, f"{at}/cancel", {"admission": student, "percent": "25"}, at).status_code == 303
    stage.settle()
    assert [event.amount.amount for event in stage.said(PaymentRefunded)] == [1475]
    assert stage.state(order) == "paid"
