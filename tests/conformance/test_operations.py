"""What an operator sees and can do when a message was parked."""

from __future__ import annotations

import pytest

from shared.errors import Conflict, InvalidInput, NotFound
from shared.operations import drop_parked, health, list_parked, retry_parked
from tests.support import probe
from tests.support.probe import LISTENER, paid
from tests.support.stage import ProbeStage


@pytest.fixture
def troubled(stage: ProbeStage) -> ProbeStage:
    stage.say(paid("ord_1", "POISON"))
    stage.say(paid("ord_1", "behind"))
    stage.settle()
    return stage


def test_health_says_what_waits_and_what_is_parked(troubled: ProbeStage) -> None:
    troubled.say(paid("ord_2"))
    talker = health(probe.TALKER, troubled.talker, troubled.runtime.log)
    assert talker["outbox"] == 1
    listener = health(LISTENER, troubled.listener, troubled.runtime.log)
    assert (listener["parked"], listener["gaps"], listener["stuck"]) == (2, 1, [])
    assert {row["topic"]: row["lag"] for row in listener["consumers"]} == {"ticketing.orders": 0}


def test_a_retry_of_what_still_fails_says_why_and_leaves_it_parked(troubled: ProbeStage) -> None:
    first, second = list_parked(troubled.listener)
    with pytest.raises(InvalidInput):
        retry_parked(LISTENER, troubled.listener, first["id"])
    with pytest.raises(InvalidInput):
        retry_parked(LISTENER, troubled.listener, second["id"])
    assert len(list_parked(troubled.listener)) == 2


def test_a_retry_after_the_fault_is_mended_takes_what_waited_too(
    troubled: ProbeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LISTENER.reactions, probe.OrderPaid, lambda envelope, tx: None)  # type: ignore[misc]
    assert retry_parked(LISTENER, troubled.listener, list_parked(troubled.listener)[0]["id"]) == 2
    assert list_parked(troubled.listener) == []


def test_only_the_first_of_a_key_can_be_dropped(troubled: ProbeStage) -> None:
    first, second = list_parked(troubled.listener)
    with pytest.raises(Conflict):
        drop_parked(LISTENER, troubled.listener, second["id"], "console:stf_1")
    assert drop_parked(LISTENER, troubled.listener, first["id"], "console:stf_1") == 1
    assert list_parked(troubled.listener) == []
    with pytest.raises(NotFound):
        drop_parked(LISTENER, troubled.listener, first["id"], "console:stf_1")
