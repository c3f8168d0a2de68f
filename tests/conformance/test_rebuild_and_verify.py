"""A projection can be made anew to the same bytes, and what got lost on the way is found."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from shared.inbox import Inbox
from shared.rebuild import rebuild
from shared.verify import missed
from tests.support.probe import LISTENER, TALKER, eaters, issued, paid
from tests.support.stage import ProbeStage


def differences(stage: ProbeStage) -> list[str]:
    databases = {"ticket": stage.talker, "catering": stage.listener}
    now = stage.runtime.clock.now()
    return [str(found) for found in missed([TALKER, LISTENER], databases, now, timedelta(0))]


def test_a_projection_is_rebuilt_to_the_same_bytes_and_nobody_is_told(stage: ProbeStage) -> None:
    for number in range(30):
        stage.say(issued(f"adm_{number}", f"ord_{number % 7}"), paid(f"ord_{number % 7}", f"N{number}"))
    stage.settle()
    notes, rows = stage.notes(), stage.count(eaters)
    rebuilt = rebuild(LISTENER, stage.listener, stage.runtime.log)
    assert rebuilt.equal
    assert rebuilt.events == 60
    assert (stage.notes(), stage.count(eaters)) == (notes, rows)
    assert stage.count(stage.listener.frame.timers) == 0
    assert differences(stage) == []


def test_a_rebuild_mends_a_projection_that_was_spoilt(stage: ProbeStage) -> None:
    stage.say(issued("adm_1"), issued("adm_2"))
    stage.settle()
    with stage.listener.transaction() as tx:
        tx.execute(sa.delete(eaters).where(eaters.c.admission_id == "adm_1"))
    assert not rebuild(LISTENER, stage.listener, stage.runtime.log).equal
    assert stage.count(eaters) == 2


def test_a_rebuild_leaves_parked_and_dropped_messages_where_they_are(stage: ProbeStage) -> None:
    stage.say(issued("adm_1"))
    stage.say(paid("ord_1", "POISON"), issued("adm_2"))
    stage.settle()
    assert rebuild(LISTENER, stage.listener, stage.runtime.log).equal
    assert stage.count(eaters) == 1
    with stage.listener.transaction(actor="console:stf_1") as tx:
        first = tx.execute(sa.select(stage.listener.frame.parked.c.id).order_by("sequence")).scalars().first()
        assert first is not None
        key = Inbox(LISTENER, stage.listener).drop(first, tx)
    with stage.listener.transaction() as tx:
        Inbox(LISTENER, stage.listener).resume(key, tx)
    assert stage.count(eaters) == 2
    assert rebuild(LISTENER, stage.listener, stage.runtime.log).equal
    stage.say(issued("adm_3"))
    stage.settle()
    assert stage.count(eaters) == 3


def test_all_that_was_said_was_heard(stage: ProbeStage) -> None:
    for number in range(10):
        stage.say(issued(f"adm_{number}", f"ord_{number}"))
    stage.settle()
    assert differences(stage) == []


def test_a_message_lost_at_the_tail_of_a_key_is_found(stage: ProbeStage) -> None:
    stage.say(issued("adm_1"))
    stage.say(issued("adm_2"))
    outbox = stage.talker.frame.outbox
    with stage.talker.transaction() as tx:
        tx.execute(sa.delete(outbox).where(outbox.c.sequence == 2))
    stage.settle()
    assert differences(stage) == ["catering heard 1 of 2 on ticketing.orders of ord_1."]


def test_a_message_lost_in_the_middle_of_a_key_is_found(stage: ProbeStage) -> None:
    for number in range(3):
        stage.say(issued(f"adm_{number}"))
    outbox = stage.talker.frame.outbox
    with stage.talker.transaction() as tx:
        tx.execute(sa.delete(outbox).where(outbox.c.sequence == 2))
    stage.settle()
    assert differences(stage) == ["catering heard 1 of 3 on ticketing.orders of ord_1."]
    assert stage.count(stage.listener.frame.parked) == 1
