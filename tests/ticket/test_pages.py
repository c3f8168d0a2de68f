"""The pages of buyers: contents are kept, prices are right before anything is ordered, secrets leave the address."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

import services.ticket
from services.ticket import views
from services.ticket.handlers import make_vouchers
from services.ticket.keys import admission_link
from services.ticket.store import vouchers
from services.ticket.tickets import TEMPLATE, ticket_words, tickets_pdf
from services.ticket.web import Desk
from shared.documents.typesetting import render_typst_pages
from shared.internal import wsgi_transport
from shared.web.i18n import missing
from tests.documents.reading import qr_texts
from tests.ticket.stage import EARLY_ENDS, START, Stage, make_plan
from tests.ticket.test_holders import send as send_form


@pytest.fixture
def client(stage: Stage) -> FlaskClient:
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    return stage.browser()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def filled(client: FlaskClient, **changes: str) -> dict[str, str]:
    page = client.get("/searchlight/").get_data(as_text=True)
    return {
        "csrf_token": hidden(page, "csrf_token"),
        "count": "1",
        "name.0": "Ada Lovelace",
        "email.0": "ada@example.org",
        "admission_type.0": "regular",
        "consent": "yes",
        "shown_total": hidden(page, "shown_total"),
        "version.terms": "1",
        "action": "order",
        **changes,
    }


def send(client: FlaskClient, **changes: str) -> Any:
    return client.post("/searchlight/", data=filled(client, **changes))


def test_the_front_page_leads_to_the_shop(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert 'href="/searchlight/"' in page
    assert "Searchlight 2027" in page


def test_the_shop_shows_the_ladder_and_when_the_price_rises(client: FlaskClient) -> None:
    page = client.get("/searchlight/").get_data(as_text=True)
    for words in ("€199", "Early bird, open now", "until Wednesday 31 March, 23:59 in Berlin", "€449", "Student"):
        assert words in page
    assert "only 5 left at this price" in page
    assert 'action="/mail/remind"' in page


def test_the_shop_speaks_german(client: FlaskClient) -> None:
    page = client.get("/searchlight/?lang=de").get_data(as_text=True)
    assert "Zahlungspflichtig bestellen" in page
    assert "Wer kommt?" in page


def test_an_order_by_form_leads_to_the_hold_page_with_its_countdown(stage: Stage, client: FlaskClient) -> None:
    answer = send(client)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "data-countdown" in page
    assert "Pay €199.00" in page
    assert stage.quota_taken() == 1


def test_a_form_without_its_token_orders_nothing(stage: Stage, client: FlaskClient) -> None:
    assert send(client, csrf_token="").status_code == 400
    assert stage.quota_taken() == 0


def test_what_is_wrong_is_said_at_its_field_and_the_rest_is_kept(stage: Stage, client: FlaskClient) -> None:
    answer = send(client, **{"email.0": "nowhere", "consent": ""})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "This is no e-mail address" in page
    assert "Ada Lovelace" in page
    assert "We need this before you can order" in page
    assert stage.quota_taken() == 0


def test_people_are_added_and_removed_without_script_and_nothing_is_lost(client: FlaskClient) -> None:
    page = send(client, action="add").get_data(as_text=True)
    assert hidden(page, "count") == "2"
    assert 'value="Ada Lovelace"' in page
    changes = {"count": "2", "name.1": "Grace Hopper", "email.1": "grace@example.org", "admission_type.1": "student"}
    page = send(client, **changes, action="remove-0").get_data(as_text=True)
    assert hidden(page, "count") == "1"
    assert 'value="Grace Hopper"' in page
    assert "€59.00" in page


@pytest.mark.parametrize("count", ["-3", "0", "99999999999999999999", "many"])
def test_strange_counts_become_possible_ones(client: FlaskClient, count: str) -> None:
    assert send(client, count=count, action="update").status_code == 200


def test_the_total_on_the_button_is_the_one_that_is_ordered(stage: Stage, client: FlaskClient) -> None:
    """Another ticket was chosen, and nothing has counted anew: the button said another amount."""
    answer = send(client, **{"admission_type.0": "student"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Order with obligation to pay €59.00" in page
    assert stage.quota_taken() == 0
    assert send(client, **{"admission_type.0": "student", "shown_total": "5900"}).status_code == 303


def test_a_price_that_rose_meanwhile_is_shown_beside_the_old_one(stage: Stage, client: FlaskClient) -> None:
    form = filled(client)
    stage.clock.advance_to(EARLY_ENDS)
    answer = client.post("/searchlight/", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "It was €199.00, it is €299.00 now" in page
    assert 'value="Ada Lovelace"' in page
    assert stage.quota_taken() == 0
    assert client.post("/searchlight/", data={**form, "shown_total": "29900"}).status_code == 303


def test_more_people_than_are_left_are_told_how_many_and_the_next_price(stage: Stage, client: FlaskClient) -> None:
    stage.order(*["regular"] * 4)
    more = {
        "count": "2",
        "name.1": "B",
        "email.1": "b@example.org",
        "admission_type.1": "regular",
        "shown_total": "39800",
    }
    answer = send(client, **more)
    assert answer.status_code == 409
    assert "Only 1 left at €199. The next price is €299." in answer.get_data(as_text=True)


def test_a_voucher_counts_before_anything_is_ordered(stage: Stage, client: FlaskClient) -> None:
    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, "sponsor", 1)
    with stage.database.reading() as connection:
        code = vouchers.codes_of(connection, lot.lot_id)[0].code
    page = send(client, voucher=code, action="update", **{"admission_type.0": "sponsor"}).get_data(as_text=True)
    assert "Order for free" in page
    answer = send(client, voucher=code, shown_total="0", **{"admission_type.0": "sponsor"})
    assert answer.status_code == 303
    assert "You are coming" in client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "has been used already" in send(client, voucher=code, **{"admission_type.0": "sponsor"}).get_data(
        as_text=True
    )


def test_the_secret_of_a_link_becomes_a_cookie_and_leaves_the_address(stage: Stage, client: FlaskClient) -> None:
    order = stage.order()
    assert client.get(f"/orders/{order.reference}").status_code == 403
    answer = client.get(f"/orders/{order.reference}?key={order.secret}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/orders/{order.reference}")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert client.get(f"/orders/{order.reference}").status_code == 200


def test_another_orders_page_is_not_shown(stage: Stage, client: FlaskClient) -> None:
    mine, other = stage.order(), stage.order()
    client.get(f"/orders/{mine.reference}?key={mine.secret}")
    assert client.get(f"/orders/{other.reference}").status_code == 403
    assert client.get(f"/orders/{other.reference}?key={mine.secret}").status_code == 404
    assert client.get(f"/orders/{other.reference}/tickets.pdf").status_code == 403
    assert client.get(f"/pay/{other.reference}").status_code == 403


def admission_path(stage: Stage, order_id: str) -> str:
    with stage.database.reading() as connection:
        admission = views.order(connection, order_id).order.admissions[0]
    return admission_link(Desk(stage.runtime, stage.context), admission).removeprefix("http://localhost")


def test_a_paid_order_shows_its_tickets_as_page_pdf_and_calendar_entry(stage: Stage, client: FlaskClient) -> None:
    order = stage.order("regular", "student")
    stage.pay(order)
    client.get(f"/orders/{order.reference}?key={order.secret}")
    pdf = client.get(f"/orders/{order.reference}/tickets.pdf")
    assert (pdf.status_code, pdf.data[:5]) == (200, b"%PDF-")
    path = admission_path(stage, order.order_id)
    assert "Guest 1" in client.get(path).get_data(as_text=True)
    entry = client.get(f"{path}/ticket.ics").get_data(as_text=True)
    assert entry.count("BEGIN:VEVENT") == 2
    assert "DTSTART;TZID=Europe/Berlin:20270607T090000" in entry


def test_the_code_on_the_ticket_is_the_address_of_its_page(stage: Stage, client: FlaskClient) -> None:
    order = stage.order()
    stage.pay(order)
    client.get(f"/orders/{order.reference}?key={order.secret}")
    path = admission_path(stage, order.order_id)
    at = Desk(stage.runtime, stage.context)
    with stage.database.reading() as connection:
        view = views.order(connection, order.order_id)
    text = PdfReader(io.BytesIO(tickets_pdf(at, view, view.order.admissions))).pages[0].extract_text()
    assert "Guest 1" in text
    assert "Searchlight 2027" in text
    [page] = render_typst_pages(TEMPLATE, ticket_words(at, view, view.order.admissions))
    assert qr_texts(page) == [f"http://localhost{path}"]


def test_a_cancelled_ticket_is_not_valid_any_more(stage: Stage, client: FlaskClient) -> None:
    order = stage.order()
    stage.pay(order)
    client.get(f"/orders/{order.reference}?key={order.secret}")
    path = admission_path(stage, order.order_id)
    page = client.get(f"/orders/{order.reference}/cancel").get_data(as_text=True)
    form = {"csrf_token": hidden(page, "csrf_token"), "admission": hidden(page, "admission")}
    answer = client.post(f"/orders/{order.reference}/cancel", data=form)
    assert answer.status_code == 303
    assert "The refund is on its way" in client.get(f"/orders/{order.reference}").get_data(as_text=True)
    assert client.get(path).status_code == 410
    assert client.get(f"{path}/ticket.pdf").status_code == 410
    stage.settle()


def test_a_forged_ticket_is_refused(client: FlaskClient) -> None:
    assert client.get("/admissions/W3siYSI6ImFkbV8xIn0sbnVsbF0.forged").status_code == 401


def test_texts_are_shown_in_the_language_that_exists(client: FlaskClient) -> None:
    for kind in ("imprint", "terms", "privacy", "code_of_conduct"):
        assert f"{kind} in en" in client.get(f"/searchlight/legal/{kind}").get_data(as_text=True)
    assert client.get("/searchlight/legal/secrets").status_code == 404


def test_a_page_that_does_not_exist_says_so(client: FlaskClient) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is no conference at this address" in answer.get_data(as_text=True)


def test_every_text_is_translated() -> None:
    assert missing(Path(services.ticket.__path__[0])) == []


def test_before_the_opening_the_shop_counts_down_by_our_clock_and_lets_only_vouchers_in(tmp_path: Path) -> None:
    plan = make_plan()
    opens_at = START + timedelta(hours=26)
    types = tuple(replace(each, sales_start_at=opens_at if each.tiers else None) for each in plan.types)
    stage = Stage(tmp_path, plan=replace(plan, types=types))
    page = stage.browser().get("/searchlight/").get_data(as_text=True)
    assert "Not on sale yet" in page and f'datetime="{opens_at.isoformat()}"' in page
    assert f'data-now="{START.isoformat()}"' in page and 'name="name.0"' not in page
    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, "sponsor", 1)
        (row,) = vouchers.codes_of(tx.connection, lot.lot_id)
    _, redeemed = send_form(stage.browser(), "/searchlight/", action="redeem", voucher=row.code)
    assert 'name="name.0"' in redeemed
    _, unknown = send_form(stage.browser(), "/searchlight/", action="redeem", voucher="NEVERWAS")
    assert "We do not know this voucher code" in unknown and 'name="name.0"' not in unknown
    stage.wait(hours=26)
    assert 'name="name.0"' in stage.browser().get("/searchlight/").get_data(as_text=True)
    stage.close()
