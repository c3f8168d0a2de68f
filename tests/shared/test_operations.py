"""What an operator sees and can do when a message was parked."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import Conflict, InvalidInput, NotFound
from shared.operations import drop_parked, health, list_parked, retry_parked
from tests.shared.test_path_of_an_event import Stage
from tests.support import probe
from tests.support.probe import LISTENER, make_runtime, paid


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(make_runtime(tmp_path))
    stage.say(paid("ord_1", "POISON"))
    stage.say(paid("ord_1", "behind"))
    stage.settle()
    return stage


def test_health_says_what_waits_and_what_is_parked(stage: Stage) -> None:
    stage.say(paid("ord_2"))
    talker = health(probe.TALKER, stage.talker, stage.runtime.log)
    assert talker["outbox"] == 1
    listener = health(LISTENER, stage.listener, stage.runtime.log)
    assert (listener["parked"], listener["gaps"], listener["stuck"]) == (2, 1, [])
    assert {row["topic"]: row["lag"] for row in listener["consumers"]} == {"ticketing.orders": 0}


def test_a_retry_of_what_still_fails_says_why_and_leaves_it_parked(stage: Stage) -> None:
    first, second = list_parked(stage.listener)
    with pytest.raises(InvalidInput):
        retry_parked(LISTENER, stage.listener, first["id"])
    with pytest.raises(InvalidInput):
        retry_parked(LISTENER, stage.listener, second["id"])
    assert len(list_parked(stage.listener)) == 2


def test_a_retry_after_the_fault_is_mended_takes_what_waited_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LISTENER.reactions, probe.OrderPaid, lambda envelope, tx: None)  # type: ignore[misc]
    assert retry_parked(LISTENER, stage.listener, list_parked(stage.listener)[0]["id"]) == 2
    assert list_parked(stage.listener) == []


def test_only_the_first_of_a_key_can_be_dropped(stage: Stage) -> None:
    first, second = list_parked(stage.listener)
    with pytest.raises(Conflict):
        drop_parked(LISTENER, stage.listener, second["id"], "console:stf_1")
    assert drop_parked(LISTENER, stage.listener, first["id"], "console:stf_1") == 1
    assert list_parked(stage.listener) == []
    with pytest.raises(NotFound):
        drop_parked(LISTENER, stage.listener, first["id"], "console:stf_1")
