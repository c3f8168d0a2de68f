"""Pages of organisers: open a conference, move a tier, find an order, make vouchers; for those who may, and told to the audit."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.ticket.domain.conference import LEGAL_KINDS
from services.ticket.planning import BEGINNING
from shared.events import StaffActed
from shared.events.ticketing import ConferenceChanged, ConferenceOpened, QuotaChanged, TierChanged
from shared.web.security import cookie_name
from shared.web.staff import COOKIE, Staff, sign
from tests.ticket.stage import EARLY_ENDS, Stage


def staff_browser(stage: Stage, **roles: list[str]) -> FlaskClient:
    client = stage.browser()
    staff = Staff("stf_1", roles or {"*": ["organiser"]})
    token = sign(stage.runtime.signer("staff"), staff, stage.clock.now())
    client.set_cookie(cookie_name(stage.runtime.settings, COOKIE), token)
    return client


@pytest.fixture
def client(stage: Stage) -> FlaskClient:
    return staff_browser(stage)


def send(client: FlaskClient, at: str, form: dict[str, str], page: str = "") -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page or at).get_data(as_text=True))
    assert token is not None
    return client.post(at, data={"csrf_token": token[1], **form})


def new_form(**changes: str) -> dict[str, str]:
    return {
        **BEGINNING,
        "name": "Offline 2027",
        "slug": "offline",
        "first_day": "2027-09-01",
        "last_day": "2027-09-03",
        "place": "Ratskeller, Bremen",
        "capacity": "300",
        "seller": "Offline e. V.",
        "reply_to": "team@offline.example.org",
        "tier.0.0.price": "99",
        "tier.0.0.ends_on": "2027-06-30",
        "tier.0.0.cap": "50",
        "tier.0.1.price": "149,50",
        "tier.0.1.ends_on": "2027-08-22",
        "tier.0.2.price": "249",
        "tier.1.0.price": "29",
        **{f"legal.{kind}.en": f"Our {kind}." for kind in LEGAL_KINDS},
        **changes,
    }


def test_staff_pages_are_for_staff_of_this_conference(stage: Stage) -> None:
    at = f"/organise/{stage.conference.conference_id}"
    assert stage.browser().get(at).status_code == 302
    assert staff_browser(stage, **{"con_other": ["organiser"]}).get(at).status_code == 403
    assert staff_browser(stage, **{"*": ["finance"]}).get(at).status_code == 403
    assert staff_browser(stage, **{stage.conference.conference_id: ["organiser"]}).get(at).status_code == 200


def test_a_conference_is_opened_by_its_form(stage: Stage, client: FlaskClient) -> None:
    answer = send(client, "/organise/new", new_form())
    assert answer.status_code == 303, answer.get_data(as_text=True)
    opened = stage.said(ConferenceOpened)[-1]
    assert (opened.slug, opened.days[-1]) == ("offline", date(2027, 9, 3))
    assert [(tier.name_en, tier.price.amount, tier.cap) for tier in opened.tiers] == [
        ("Early bird", 9900, 50),
        ("Regular", 14950, None),
        ("Last minute", 24900, None),
        ("Student", 2900, None),
    ]
    assert opened.tiers[0].ends_at == datetime.fromisoformat("2027-06-30T22:00+00:00")
    assert [act.action for act in stage.said(StaffActed)] == ["conference_opened"]
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "What do they pay?" in page
    assert "the caterer must know the number" in page
    assert client.get("/offline/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slug": "api"}, "This address is taken by a page of ours"),
        ({"slug": "Ümläut"}, "Use small letters"),
        ({"slug": "searchlight"}, "Another conference has this address already"),
        ({"time_zone": "Europe/Atlantis"}, "Please choose one of these"),
        ({"last_day": "2027-08-01"}, "The last day is not before the first"),
        ({"legal.terms.en": ""}, "A shop needs this text before it opens"),
        ({"capacity": "-5"}, "A whole number"),
        ({"tier.0.1.ends_on": "2027-06-01"}, "ends before"),
        ({"tier.0.0.ends_on": "", "tier.0.0.cap": ""}, "neither an end nor a cap"),
    ],
)
def test_a_conference_that_cannot_be_is_refused_with_its_form_kept(
    stage: Stage, client: FlaskClient, changes: dict[str, str], words: str
) -> None:
    answer = send(client, "/organise/new", new_form(**changes))
    page = answer.get_data(as_text=True)
    assert answer.status_code in (409, 422)
    assert words in page
    assert 'value="Ratskeller, Bremen"' in page
    assert len(stage.said(ConferenceOpened)) == 1


def test_a_last_price_that_comes_too_late_is_warned_about(client: FlaskClient) -> None:
    answer = send(client, "/organise/new", new_form(**{"tier.0.1.ends_on": "2027-08-24"}))
    assert "The last price of Regular comes too late" in client.get(answer.headers["Location"]).get_data(as_text=True)


def test_the_end_of_the_open_tier_moves_with_a_reason(stage: Stage, client: FlaskClient) -> None:
    at = f"/organise/{stage.conference.conference_id}"
    [tier] = [tier for tier in stage.said(ConferenceOpened)[0].tiers if tier.name_en == "Early bird"]
    form = {"ends_at": "2027-04-08T00:00", "reason": "extended by a week"}
    assert send(client, f"{at}/tiers/{tier.tier_id}", {**form, "reason": ""}, at).status_code == 422
    assert send(client, f"{at}/tiers/{tier.tier_id}", form, at).status_code == 303
    [changed] = stage.said(TierChanged)
    assert (changed.old_ends_at, changed.new_ends_at - changed.old_ends_at) == (EARLY_ENDS, timedelta(days=7))
    assert stage.said(ConferenceChanged)[-1].tiers[1].starts_at == changed.new_ends_at
    stage.wait(days=33)
    assert stage.order().placed.total.amount == 19900
    stage.wait(days=6)
    assert stage.order().placed.total.amount == 29900


def test_facts_and_texts_change_and_a_capacity_not_below_what_is_sold(stage: Stage, client: FlaskClient) -> None:
    at = f"/organise/{stage.conference.conference_id}"
    stage.order(*["student"] * 10)
    form = {
        "name": "Searchlight 2027",
        "place": "Another house",
        "reply_to": "team@searchlight.example.org",
        "capacity": "30",
        "legal.terms.en": "New terms.",
    }
    assert send(client, f"{at}/change", form, at).status_code == 303
    assert [event.capacity for event in stage.said(QuotaChanged)] == [30]
    shown = client.get("/api/v1/conferences/searchlight").get_json()
    assert (shown["capacity"], shown["place"], shown["legal_texts"]["terms"]) == (30, "Another house", 2)
    answer = send(client, f"{at}/change", {**form, "capacity": "9"}, at)
    assert answer.status_code == 409
    assert "10 are sold or held already" in answer.get_data(as_text=True)


def test_orders_are_found_by_reference_and_can_be_cancelled(stage: Stage, client: FlaskClient) -> None:
    order, other = stage.order(), stage.order()
    stage.pay(order)
    at = f"/organise/{stage.conference.conference_id}"
    page = client.get(f"{at}/orders?search={order.reference.lower()}").get_data(as_text=True)
    assert order.reference in page
    assert other.reference not in page
    shown = client.get(f"{at}/orders/{order.order_id}").get_data(as_text=True)
    assert "buyer@example.org" in shown
    assert send(client, f"{at}/orders/{order.order_id}/cancel", {}, at).status_code == 303
    stage.settle()
    assert stage.state(order) == "cancelled"
    assert "refunded" in client.get(f"{at}/orders/{order.order_id}").get_data(as_text=True)


def test_vouchers_are_made_and_listed(stage: Stage, client: FlaskClient) -> None:
    at = f"/organise/{stage.conference.conference_id}"
    form = {"admission_type": "sponsor", "count": "3", "note": "raffle"}
    answer = send(client, f"{at}/vouchers", form, at)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    codes = re.findall(r"<li>([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})", page)
    assert len(codes) == 3
    assert stage.order("sponsor", voucher=codes[0]).placed.status == "paid"
    assert send(client, f"{at}/vouchers", {**form, "count": "0"}, at).status_code == 422
    facts = [act.facts for act in stage.said(StaffActed)]
    assert codes[0] not in str(facts)
