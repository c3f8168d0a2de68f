"""The interface for machines: what others may rely on, and every bad input that the issue names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.ticket.handlers import make_vouchers
from services.ticket.store import vouchers
from tests.ticket.stage import EARLY_ENDS, Stage

ORDERS = "/api/v1/conferences/searchlight/orders"


@pytest.fixture
def client(stage: Stage) -> FlaskClient:
    return stage.browser()


def body(*types: str, **changes: Any) -> dict[str, Any]:
    attendees = [
        {"name": f"Guest {n}", "email": f"guest{n}@example.org", "admission_type": each}
        for n, each in enumerate(types or ("regular",), 1)
    ]
    return {"email": "buyer@example.org", "locale": "en", "attendees": attendees, **changes}


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = answer.get_json()
    assert problem["type"] == f"urn:stagedoor:{code}"
    assert problem["detail"]
    return problem


def test_conferences_are_listed_by_slug(client: FlaskClient) -> None:
    answer = client.get("/api/v1/conferences").get_json()
    assert [item["slug"] for item in answer["items"]] == ["searchlight"]
    assert answer["next"] is None


def test_a_conference_shows_its_tiers_prices_and_what_is_left(stage: Stage, client: FlaskClient) -> None:
    stage.order("regular", "regular")
    shown = client.get("/api/v1/conferences/searchlight").get_json()
    regular = shown["admission_types"][0]
    assert (regular["code"], regular["price"], regular["left"]) == ("regular", {"amount": 19900, "currency": "EUR"}, 3)
    assert [tier["state"] for tier in regular["tiers"]] == ["open", "later", "later"]
    assert shown["left"] == 18
    assert shown["legal_texts"] == {"imprint": 1, "terms": 1, "privacy": 1, "code_of_conduct": 1}


def test_an_order_is_answered_with_all_that_a_buyer_needs(stage: Stage, client: FlaskClient) -> None:
    answer = client.post(
        ORDERS,
        json=body(
            "regular",
            "student",
            buyer={"name": "Ada", "company": "Analytical Engines", "country": "GB"},
            payment_method="card",
            expected_total={"amount": 25800, "currency": "EUR"},
            consents={"terms": 1, "privacy": True},
        ),
        headers={"Idempotency-Key": "one"},
    )
    assert answer.status_code == 201
    placed = answer.get_json()
    assert placed["status"] == "held"
    assert placed["total"] == {"amount": 25800, "currency": "EUR"}
    assert placed["hold_expires_at"].startswith("2027-03-01T09:30:00")
    assert placed["payment_url"].startswith(f"http://localhost/pay/{placed['reference']}")
    assert len(placed["secret"]) >= 22

    shown = client.get(
        f"/api/v1/orders/{placed['reference']}", headers={"Authorization": f"Bearer {placed['secret']}"}
    ).get_json()
    assert (shown["status"], shown["conference"]) == ("held", "searchlight")
    assert [each["name"] for each in shown["attendees"]] == ["Guest 1", "Guest 2"]


def test_the_payment_url_leads_to_the_payment_page_and_back_to_the_tickets(stage: Stage, client: FlaskClient) -> None:
    placed = client.post(ORDERS, json=body()).get_json()
    answer = client.get(placed["payment_url"].removeprefix("http://localhost"))
    assert answer.status_code == 303
    session = answer.headers["Location"].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
    assert stage.pay_at_stripe(session) == 200
    back = client.get(f"/orders/{placed['reference']}/return?session_id={session}")
    assert back.status_code == 303
    page = client.get(f"/orders/{placed['reference']}").get_data(as_text=True)
    assert "You are coming" in page


def test_the_same_key_and_body_give_the_same_answer(stage: Stage, client: FlaskClient) -> None:
    first = client.post(ORDERS, json=body(), headers={"Idempotency-Key": "k"})
    again = client.post(ORDERS, json=body(), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert stage.quota_taken() == 1


def test_a_changed_body_under_a_used_key_is_a_conflict(stage: Stage, client: FlaskClient) -> None:
    client.post(ORDERS, json=body(), headers={"Idempotency-Key": "k"})
    refused(client.post(ORDERS, json=body("student"), headers={"Idempotency-Key": "k"}), 409, "conflict")
    assert stage.quota_taken() == 1


def test_a_refused_try_can_be_repeated_with_its_key(stage: Stage, client: FlaskClient) -> None:
    wrong = body(expected_total={"amount": 1, "currency": "EUR"})
    refused(client.post(ORDERS, json=wrong, headers={"Idempotency-Key": "k"}), 409, "price_changed")
    assert client.post(ORDERS, json=body(), headers={"Idempotency-Key": "k"}).status_code == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"attendees": []}, "attendees"),
        ({"attendees": [{"name": "A", "email": "a@example.org", "admission_type": "regular"}] * 11}, "attendees"),
        ({"attendees": "everybody"}, "attendees"),
        ({"attendees": [{"name": "A", "email": "nowhere", "admission_type": "regular"}]}, "attendees.0.email"),
        ({"attendees": [{"name": " ", "email": "a@example.org", "admission_type": "regular"}]}, "attendees.0.name"),
        ({"attendees": [{"name": "A\nBcc: x", "email": "a@example.org", "admission_type": "regular"}]}, "attendees.0.name"),
        ({"attendees": [{"name": "x" * 10_000, "email": "a@example.org", "admission_type": "regular"}]}, "attendees.0.name"),
        ({"attendees": [{"name": "A", "email": "a@example.org", "admission_type": "emperor"}]}, "attendees.0.admission_type"),
        ({"email": "not an address"}, "email"),
        ({"email": "line@example.org\n"}, "email"),
        ({"buyer": {"company": "half a character \ud800"}}, "buyer.company"),
        ({"buyer": {"name": "a\x00b"}}, "buyer.name"),
        ({"locale": "tlh"}, "locale"),
        ({"payment_method": "barter"}, "payment_method"),
        ({"expected_total": {"amount": "many", "currency": "EUR"}}, "expected_total.amount"),
        ({"expected_total": 199}, "expected_total._schema"),
        ({"consents": {"terms": "yes"}}, "consents.terms"),
        ({"surprise": 1}, "surprise"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_at_its_field(
    stage: Stage, client: FlaskClient, changes: dict[str, Any], field: str
) -> None:
    problem = refused(
        client.post(ORDERS, json={**body(), **changes}),
        422,
        "unprocessable_entity" if field != "attendees.0.admission_type" else "invalid",
    )
    assert field in problem["errors"]
    assert stage.quota_taken() == 0


def test_only_a_company_may_leave_a_name_for_later(stage: Stage, client: FlaskClient) -> None:
    nameless = {"name": "", "email": "a@example.org", "admission_type": "regular"}
    problem = refused(client.post(ORDERS, json=body(attendees=[nameless])), 409, "conflict")
    assert "attendees.0.name" in problem["errors"]
    assert stage.quota_taken() == 0


def test_a_body_that_is_no_json_is_refused(client: FlaskClient) -> None:
    answer = client.post(ORDERS, data="{", content_type="application/json")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("count", [-1, 10**12])
def test_counts_that_are_negative_or_huge_are_refused(client: FlaskClient, count: int) -> None:
    answer = client.post(ORDERS, json=body(count=count))
    assert answer.status_code == 422


def test_an_address_that_no_database_can_look_up_is_not_found(client: FlaskClient) -> None:
    refused(client.get("/api/v1/conferences/%00"), 404, "not_found")
    refused(client.get("/api/v1/orders/ABC?secret=%00"), 404, "not_found")


def test_an_unknown_conference_is_not_found(client: FlaskClient) -> None:
    refused(client.post("/api/v1/conferences/nowhere/orders", json=body()), 404, "not_found")
    refused(client.get("/api/v1/conferences/nowhere"), 404, "not_found")


def test_a_changed_price_is_refused_with_both_prices(stage: Stage, client: FlaskClient) -> None:
    stage.clock.advance_to(EARLY_ENDS)
    problem = refused(
        client.post(ORDERS, json=body(expected_total={"amount": 19900, "currency": "EUR"})), 409, "price_changed"
    )
    assert (problem["expected"]["amount"], problem["total"]["amount"]) == (19900, 29900)
    assert stage.quota_taken() == 0


def test_more_than_what_is_left_at_this_price_is_told_what_is_left_and_the_next_price(client: FlaskClient) -> None:
    problem = refused(client.post(ORDERS, json=body(*["regular"] * 6)), 409, "not_enough_left")
    assert (problem["left"], problem["next_price"]["amount"]) == (5, 29900)


def test_sold_out_is_a_conflict(stage: Stage, client: FlaskClient) -> None:
    stage.order(*["student"] * 10)
    stage.order(*["student"] * 10)
    refused(client.post(ORDERS, json=body("student")), 409, "sold_out")


def test_a_hold_that_expired_cannot_be_paid(stage: Stage, client: FlaskClient) -> None:
    placed = client.post(ORDERS, json=body()).get_json()
    stage.wait(minutes=31)
    answer = client.get(placed["payment_url"].removeprefix("http://localhost"))
    assert answer.status_code == 410
    assert "Order again" in answer.get_data(as_text=True)
    shown = client.get(f"/api/v1/orders/{placed['reference']}?secret={placed['secret']}").get_json()
    assert (shown["status"], shown["payment_url"]) == ("lapsed", None)


def test_vouchers_that_are_unknown_or_used_up_are_refused(stage: Stage, client: FlaskClient) -> None:
    problem = refused(client.post(ORDERS, json=body("sponsor", voucher="NOPE")), 422, "voucher_unknown")
    assert "voucher" in problem["errors"]
    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, "sponsor", 1)
    with stage.database.reading() as connection:
        code = vouchers.codes_of(connection, lot.lot_id)[0].code
    free = client.post(ORDERS, json=body("sponsor", voucher=code)).get_json()
    assert (free["status"], free["payment_url"], free["total"]["amount"]) == ("paid", None, 0)
    refused(client.post(ORDERS, json=body("sponsor", voucher=code)), 409, "voucher_used_up")


def test_an_order_needs_its_secret(stage: Stage, client: FlaskClient) -> None:
    order = stage.order()
    for headers in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": f"Basic {order.secret}"}):
        refused(client.get(f"/api/v1/orders/{order.reference}", headers=headers), 404, "not_found")
        refused(client.post(f"/api/v1/orders/{order.reference}/cancellation", headers=headers), 404, "not_found")
    refused(client.get("/api/v1/orders/UNKNOWN1", headers={"Authorization": "Bearer x"}), 404, "not_found")
    other = stage.order()
    refused(
        client.get(f"/api/v1/orders/{order.reference}", headers={"Authorization": f"Bearer {other.secret}"}),
        404,
        "not_found",
    )


def test_a_cancellation_refunds_and_cannot_be_repeated(stage: Stage, client: FlaskClient) -> None:
    order = stage.order()
    stage.pay(order)
    headers = {"Authorization": f"Bearer {order.secret}"}
    answer = client.post(f"/api/v1/orders/{order.reference}/cancellation", headers=headers).get_json()
    assert (answer["status"], answer["refund"]) == ("cancelled", "waiting")
    stage.settle()
    shown = client.get(f"/api/v1/orders/{order.reference}", headers=headers).get_json()
    assert shown["refund"] == "done"
    refused(client.post(f"/api/v1/orders/{order.reference}/cancellation", headers=headers), 409, "conflict")


def test_the_description_is_openapi_3_1_and_names_all_of_it(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").get_json()
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {
        "/api/v1/conferences",
        "/api/v1/conferences/{slug}",
        "/api/v1/conferences/{slug}/orders",
        "/api/v1/orders/{reference}",
        "/api/v1/orders/{reference}/cancellation",
        "/api/v1/conferences/{slug}/prices",
        "/api/v1/admissions/{admission_id}",
        "/api/v1/admissions/{admission_id}/transfer",
        "/api/v1/admissions/{admission_id}/resend",
        "/api/v1/admissions/{admission_id}/data",
        *(f"/api/v1/door/{each}" for each in ("scans", "scans/batch", "undo", "count", "guests", "list", "frame")),
    }


def test_stripe_being_away_stops_no_order(stage: Stage, client: FlaskClient) -> None:
    stage.dial(down="refuse")
    placed = client.post(ORDERS, json=body())
    assert placed.status_code == 201
    assert client.get(placed.get_json()["payment_url"].removeprefix("http://localhost")).status_code == 503
    stage.dial(reset=True)
    stage.clock.advance_to(stage.clock.now() + timedelta(minutes=1))
    assert client.get(placed.get_json()["payment_url"].removeprefix("http://localhost")).status_code == 303
