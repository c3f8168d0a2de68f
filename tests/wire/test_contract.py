"""The topics are a contract: what was ever sent can be read for ever, and the document says what is really sent."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra import asyncapi
from shared import wire
from shared.errors import Corrupt
from shared.events import TOPICS, Event
from shared.events.ticketing import OrderPaid
from tests.wire.examples import example

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NAMES = [(name, topic.owner, cls) for topic in TOPICS.values() for name, cls in topic.events.items()]


def sent(owner: str, event: Event) -> bytes:
    topic, name, key = wire.address(owner, event)
    return wire.encode(
        id="evt_1",
        owner=owner,
        type=name,
        key=key,
        sequence=1,
        time=datetime(2027, 3, 1, 9, 30, tzinfo=UTC),
        conference_id=event.conference_id,
        actor="system",
        traceparent="",
        data=wire.encode_data(event),
    )


@pytest.mark.parametrize(("name", "owner", "cls"), NAMES, ids=[name for name, *_ in NAMES])
def test_what_was_sent_in_version_1_is_read_for_ever(name: str, owner: str, cls: type[Event]) -> None:
    golden = (HERE / "golden" / f"{name}.1.json").read_bytes()
    topic, _, _ = wire.address(owner, example(cls))
    envelope = wire.decode(topic.name, golden)
    assert type(envelope.event) is cls
    kept = json.loads(golden)["data"]
    now_sent = json.loads(wire.encode_data(envelope.event))
    assert {field: now_sent.get(field) for field in kept} == kept, "a field changed its form or went away"
    added = {field.name for field in dataclasses.fields(cls)} - kept.keys()
    for field in dataclasses.fields(cls):
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        assert field.name not in added or has_default, f"{field.name} is new and needs a default"


@pytest.mark.parametrize(("name", "owner", "cls"), NAMES, ids=[name for name, *_ in NAMES])
def test_what_is_sent_is_what_the_document_says(name: str, owner: str, cls: type[Event]) -> None:
    document = asyncapi.document()
    payload = document["components"]["messages"][name.replace(".", "_")]["payload"]
    schema: dict[str, Any] = {**payload, "components": document["components"]}
    jsonschema.validate(json.loads(sent(owner, example(cls))), schema)


def test_an_event_comes_back_as_it_was_said() -> None:
    for _, owner, cls in NAMES:
        event = example(cls)
        topic, _, key = wire.address(owner, event)
        envelope = wire.decode(topic.name, sent(owner, event))
        assert (envelope.event, envelope.key, envelope.sequence) == (event, key, 1)


def test_a_field_that_nobody_knows_is_ignored() -> None:
    form = json.loads(sent("ticket", example(OrderPaid)))
    form["data"]["colour"] = "green"
    form["extension"] = "x"
    assert wire.decode("ticketing.orders", json.dumps(form).encode()).event == example(OrderPaid)


def test_a_type_that_nobody_knows_still_counts() -> None:
    form = json.loads(sent("ticket", example(OrderPaid)))
    form["type"] = "ticketing.order_framed"
    envelope = wire.decode("ticketing.orders", json.dumps(form).encode())
    assert (envelope.event, envelope.sequence) == (None, 1)


def test_only_its_owner_writes_a_topic() -> None:
    with pytest.raises(Corrupt, match="only its owner"):
        wire.address("catering", example(OrderPaid))


def test_an_event_that_lacks_a_field_says_which_number_it_has() -> None:
    form = json.loads(sent("ticket", example(OrderPaid)))
    del form["data"]["reference"]
    with pytest.raises(Corrupt) as error:
        wire.decode("ticketing.orders", json.dumps(form).encode())
    assert error.value.facts["sequence"] == 1


def test_the_document_in_docs_is_the_newest() -> None:
    assert (ROOT / "docs" / "asyncapi.yaml").read_text() == asyncapi.text(), (
        "run: stagedoor asyncapi > docs/asyncapi.yaml"
    )


def test_asyncapis_own_parser_accepts_the_document() -> None:
    tool = ROOT / "tests" / "tools" / "asyncapi"
    if not (tool / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=tool, check=True, timeout=300)
    done = subprocess.run(
        ["node", "judge.mjs", str(ROOT / "docs" / "asyncapi.yaml")],
        cwd=tool,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())["asyncapi"] == "3.0.0"
