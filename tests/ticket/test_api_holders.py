"""The interface for machines to one admission: by its holder's secret or its order's, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from services.ticket.keys import holder_secret
from shared.events.ticketing import AdmissionTransferred, TicketRequested
from tests.ticket.stage import Held, Stage
from tests.ticket.test_api import refused
from tests.ticket.test_holders import desk_of, seat

TO = {"name": "Noor Haddad", "email": "noor@example.org", "locale": "de"}


@pytest.fixture
def paid(stage: Stage) -> Held:
    order = stage.order("regular", "regular")
    stage.pay(order)
    return order


def at(stage: Stage, order: Held, number: int = 0) -> str:
    return f"/api/v1/admissions/{seat(stage, order, number).admission_id}"


def key(stage: Stage, order: Held, number: int = 0) -> dict[str, str]:
    return {"Authorization": f"Bearer {holder_secret(desk_of(stage), seat(stage, order, number))}"}


def test_an_admission_is_shown_to_its_holder_and_its_buyer(stage: Stage, paid: Held) -> None:
    for headers in (key(stage, paid), {"Authorization": f"Bearer {paid.secret}"}):
        shown: dict[str, Any] = stage.browser().get(at(stage, paid), headers=headers).get_json()
        assert (shown["name"], shown["is_valid"], shown["reference"]) == ("Guest 1", True, paid.reference)
        assert shown["days"] == ["2027-06-07", "2027-06-08"]
        assert stage.browser().get(shown["code"].removeprefix("http://localhost")).status_code == 200


def test_another_holders_secret_opens_nothing(stage: Stage, paid: Held) -> None:
    client, theirs = stage.browser(), key(stage, paid, 1)
    path = at(stage, paid)
    answers = [
        client.get(path, headers=theirs),
        client.get(path),
        client.get("/api/v1/admissions/adm_unknown", headers=theirs),
        client.patch(path, json={"name": "Mallory"}, headers=theirs),
        client.post(f"{path}/transfer", json=TO, headers=theirs),
        client.post(f"{path}/resend", headers=theirs),
        client.get(f"{path}/data", headers=theirs),
    ]
    assert len({refused(each, 404, "not_found")["detail"] for each in answers}) == 1
    assert stage.said(AdmissionTransferred, TicketRequested) == []


def test_a_name_is_corrected_and_a_bad_one_is_refused_at_its_field(stage: Stage, paid: Held) -> None:
    client, headers = stage.browser(), key(stage, paid)
    assert client.patch(at(stage, paid), json={"name": "Łukasz 🐻"}, headers=headers).get_json()["name"] == "Łukasz 🐻"
    for name in ("x" * 10_000, "", "  ", "Ada\u202ecilbup", "Ada\u0000"):
        problem = refused(
            client.patch(at(stage, paid), json={"name": name}, headers=headers), 422, "unprocessable_entity"
        )
        assert "name" in problem["errors"]


def test_after_a_transfer_the_old_secret_is_dead_and_the_orders_still_works(stage: Stage, paid: Held) -> None:
    client, headers, path = stage.browser(), key(stage, paid), at(stage, paid)
    answer = client.post(f"{path}/transfer", json=TO, headers=headers)
    assert answer.status_code == 200 and answer.get_json()["name"] == "Noor Haddad"
    refused(client.get(path, headers=headers), 404, "not_found")
    shown = client.get(path, headers={"Authorization": f"Bearer {paid.secret}"}).get_json()
    assert (shown["name"], shown["email"]) == ("Noor Haddad", "noor@example.org")
    assert client.get(path, headers=key(stage, paid)).status_code == 200


def test_a_ticket_is_mailed_again_three_times_a_day(stage: Stage, paid: Held) -> None:
    client, headers = stage.browser(), key(stage, paid)
    for _ in range(3):
        assert client.post(f"{at(stage, paid)}/resend", headers=headers).status_code == 200
    refused(client.post(f"{at(stage, paid)}/resend", headers=headers), 429, "too_many")


def test_a_holder_takes_their_data_along(stage: Stage, paid: Held) -> None:
    known = stage.browser().get(f"{at(stage, paid)}/data", headers=key(stage, paid)).get_json()
    assert [each["email"] for each in known["people"]] == ["guest1@example.org"]
    assert "guest2" not in str(known)
