"""Who has a ticket already: asked by notification before it announces that a price rises."""

from __future__ import annotations

import pytest

from shared.errors import InvalidInput
from shared.internal import wsgi_transport
from tests.ticket.stage import Stage


def test_only_addresses_on_paid_orders_have_bought(stage: Stage) -> None:
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    asked = {
        "conference_id": stage.conference.conference_id,
        "emails": ["Guest1@Example.org", "buyer@example.org", "eve@example.org"],
    }
    order = stage.order("regular")
    assert stage.runtime.internal("ticket").post("/bought", asked) == {"bought": []}, "a hold is no ticket"
    stage.pay(order)
    assert stage.runtime.internal("ticket").post("/bought", asked) == {
        "bought": ["Guest1@Example.org", "buyer@example.org"]
    }
    elsewhere = {**asked, "conference_id": "con_other"}
    assert stage.runtime.internal("ticket").post("/bought", elsewhere) == {"bought": []}


def test_a_question_about_too_many_addresses_is_refused(stage: Stage) -> None:
    stage.runtime.transports["ticket"] = wsgi_transport(stage.internal)
    with pytest.raises(InvalidInput):
        stage.runtime.internal("ticket").post("/bought", {"conference_id": "con_1", "emails": ["a@b.org"] * 501})
