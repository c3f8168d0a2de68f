"""How services are, what a person does about a parked message, and the event feed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from services.console.feed import read_position
from shared.errors import InvalidInput
from shared.log import Message
from tests.console.stage import Stage, issued, opened, post


def test_a_silent_service_is_named(stage: Stage) -> None:
    page = stage.organiser().get("/staff/health").text
    assert page.count("does not answer") == 4, "only the console itself is up here"
    assert "Not all" in page


def test_a_parked_message_is_seen_tried_again_and_dropped(stage: Stage) -> None:
    client = stage.organiser()
    stage.runtime.log.producer("test").send([Message("ticketing.orders", "ord_1", b"no event at all")])
    stage.settle()
    page = client.get("/staff/health").text
    assert "Set aside in console" in page and "ord_1" in page
    drop = re.search(r'action="(/staff/health/console/\d+/drop)"', page)
    assert drop
    assert post(client, "/staff/health", drop[1].replace("drop", "retry")).status_code in (409, 500), "it fails again"
    assert client.get(drop[1]).status_code == 405, "no change on GET"
    assert post(client, "/staff/health", drop[1]).status_code == 303
    stage.settle()
    assert "Set aside" not in client.get("/staff/health").text
    assert "dropped a parked message" in client.get("/staff/audit").text


def token(stage: Stage) -> dict[str, str]:
    page = post(stage.organiser(), "/staff/tokens", "/staff/tokens", name="our website").text
    found = re.search(r"sdt_[\w-]+", page)
    assert found
    return {"Authorization": f"Bearer {found[0]}"}


def test_the_feed_needs_a_token_that_still_holds(stage: Stage) -> None:
    client = stage.app.test_client()
    assert client.get("/feed").status_code == 401
    assert client.get("/feed/ticketing.orders", headers={"Authorization": "Bearer sdt_x"}).status_code == 401
    headers = token(stage)
    answer = client.get("/feed", headers=headers)
    assert answer.status_code == 200
    assert "ticketing.orders" in [item["topic"] for item in answer.json["items"]]  # type: ignore[index]


def test_a_revoked_token_reads_nothing(stage: Stage) -> None:
    organiser = stage.organiser()
    page = post(organiser, "/staff/tokens", "/staff/tokens", name="our website").text
    found = re.search(r"sdt_[\w-]+", page)
    revoke = re.search(r'action="(/staff/tokens/[^"]+/revocation)"', page)
    assert found and revoke
    post(organiser, "/staff/tokens", revoke[1])
    headers = {"Authorization": f"Bearer {found[0]}"}
    assert stage.app.test_client().get("/feed", headers=headers).status_code == 401


def test_the_feed_gives_every_event_once_in_order_from_a_position(stage: Stage) -> None:
    headers = token(stage)
    client = stage.app.test_client()
    stage.say("ticket", *(issued(n, order=n % 7) for n in range(50)))
    stage.settle()
    items: list[Any] = []
    after = ""
    for _ in range(20):
        answer = client.get("/feed/ticketing.orders", query_string={"after": after, "limit": 8}, headers=headers)
        page = json.loads(answer.data)
        items += page["items"]
        after = page["next"]
        if not page["items"]:
            break
    assert len({item["id"] for item in items}) == len(items) == 50
    for key in {item["subject"] for item in items}:
        numbers = [int(item["sequence"]) for item in items if item["subject"] == key]
        assert numbers == list(range(1, len(numbers) + 1))
    stage.say("ticket", issued(99, order=3))
    stage.settle()
    answer = client.get("/feed/ticketing.orders", query_string={"after": after, "wait": 5}, headers=headers)
    assert [item["data"]["admission_id"] for item in json.loads(answer.data)["items"]] == ["adm_99"]


def test_the_feed_refuses_what_it_does_not_know(stage: Stage) -> None:
    headers = token(stage)
    client = stage.app.test_client()
    assert client.get("/feed/nowhere", headers=headers).status_code == 404
    for query in ("after=x", "limit=0", "wait=99", "after=1.2"):
        answer = client.get(f"/feed/ticketing.orders?{query}", headers=headers)
        assert answer.status_code == 422 and answer.mimetype == "application/problem+json", query
    with pytest.raises(InvalidInput):
        read_position("1.2.3.4.5")


def test_the_console_is_ready_when_its_database_and_topics_are(stage: Stage) -> None:
    stage.say("ticket", opened())
    stage.settle()
    assert stage.app.test_client().get("/readyz").json == {"status": "ready", "because": []}
