"""2. Tier transitions: by date where the conference is, by cap in the sale itself, once; nobody pays a price they did not see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.events.ticketing import OrderPaid, TierClosed, TierOpened
from tests.flow.house import EARLY, EARLY_BIRD_CAP, EARLY_BIRD_ENDS, LATE, REGULAR, House


def test_a_tier_ends_at_midnight_where_the_conference_is_though_the_clocks_jumped(house: House) -> None:
    house.wait_until(EARLY_BIRD_ENDS - timedelta(seconds=1))
    assert house.price() == EARLY
    holder = house.order(2)
    house.stage.clock.advance_to(EARLY_BIRD_ENDS)
    assert house.price() == REGULAR, "the price does not wait for a timer"
    house.settle()
    house.settle()

    [closed] = house.said(TierClosed)
    assert (closed.reason, closed.closed_at, closed.taken) == ("date", EARLY_BIRD_ENDS, 2)
    assert [(tier.name, tier.opened_at) for tier in house.said(TierOpened)][-1] == ("Regular", EARLY_BIRD_ENDS)
    house.shop.visit(holder)
    house.shop.pay(holder)
    house.settle()
    [paid] = house.said(OrderPaid)
    assert paid.total.amount == 2 * EARLY, "who holds keeps the price"
    house.buy(1)
    assert [each.total.amount for each in house.said(OrderPaid)][-1] == REGULAR
    house.wait_until(house.days_before_doors(14, 0))
    assert house.price() == LATE
    assert [tier.name for tier in house.said(TierClosed)] == ["Early bird", "Regular"]
    house.check()


def test_the_sale_that_reaches_the_cap_closes_the_tier_once(house: House) -> None:
    house.buy(EARLY_BIRD_CAP - 1)
    assert house.said(TierClosed) == []
    assert house.left() == 1
    last = house.order(1)
    house.settle()
    [closed] = house.said(TierClosed)
    assert (closed.reason, closed.closed_at, closed.taken) == ("cap", house.now, EARLY_BIRD_CAP)
    assert [tier.name for tier in house.said(TierOpened)].count("Regular") == 1
    assert house.price() == REGULAR

    house.wait(minutes=31)
    assert house.status(last) == "lapsed"
    assert house.price() == REGULAR, "what lapses does not open a tier again"
    house.wait_until(EARLY_BIRD_ENDS + timedelta(minutes=1))
    assert len(house.said(TierClosed)) == 1
    house.check()


def test_nobody_pays_a_price_they_did_not_see(house: House) -> None:
    seen = {"amount": house.price(), "currency": "EUR"}
    house.order(EARLY_BIRD_CAP)
    wish = _wish(house, seen)
    refused = house.stage.browser().post("/api/v1/conferences/flow/orders", json=wish)
    assert refused.status_code == 409
    assert refused.content_type == "application/problem+json"
    assert refused.get_json()["total"]["amount"] == REGULAR
    agreed = house.stage.browser().post(
        "/api/v1/conferences/flow/orders", json=wish | {"expected_total": {"amount": REGULAR, "currency": "EUR"}}
    )
    assert agreed.status_code == 201
    assert agreed.get_json()["total"]["amount"] == REGULAR


def test_more_than_what_is_left_at_this_price_is_refused_whole(house: House) -> None:
    house.order(EARLY_BIRD_CAP - 2)
    guests = [_guest(n) for n in range(3)]
    refused = house.stage.browser().post(
        "/api/v1/conferences/flow/orders", json=_wish(house, None) | {"attendees": guests}
    )
    assert refused.status_code == 409
    assert (refused.get_json()["left"], house.left()) == (2, 2)


def _guest(number: int) -> dict[str, str]:
    return {"name": f"Late {number}", "email": f"late{number}@example.org", "admission_type": "regular"}


def _wish(house: House, expected: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "email": "late@example.org",
        "attendees": [_guest(0)],
        "consents": {"terms": True, "privacy": True, "code_of_conduct": True},
        **({"expected_total": expected} if expected else {}),
    }
