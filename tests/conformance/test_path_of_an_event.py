"""What the frame promises about an event on its way: outbox, relay, log, inbox, projections and reactions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.errors import Corrupt, Unavailable
from shared.inbox import Inbox
from shared.log import Message
from shared.worker import Worker
from tests.support.probe import LISTENER, TALKER, eaters, issued, lapsed, paid
from tests.support.stage import ProbeStage


def test_what_is_published_arrives_once_and_in_order(stage: ProbeStage) -> None:
    stage.say(paid("ord_1", "A"))
    stage.say(paid("ord_1", "B"), issued("adm_1"))
    stage.settle()
    assert [note for note in stage.notes() if not note.startswith("reminded")] == ["A", "B"]
    assert stage.count(eaters) == 1
    assert stage.count(stage.talker.frame.outbox, stage.talker) == 0


def test_what_a_transaction_that_failed_published_is_never_heard(stage: ProbeStage) -> None:
    with pytest.raises(RuntimeError), stage.talker.transaction() as tx:
        tx.publish(paid("ord_1"))
        raise RuntimeError
    stage.settle()
    assert stage.notes() == []
    stage.say(paid("ord_1", "first"))
    stage.settle()
    assert "first" in stage.notes(), "the number of the lost one was not used up"


def test_a_message_that_comes_twice_is_taken_once(stage: ProbeStage) -> None:
    stage.say(paid("ord_1", "A"))
    with stage.talker.reading() as connection:
        row = connection.execute(sa.select(stage.talker.frame.outbox)).one()
    stage.runtime.log.producer("again").send([Message(row.topic, row.key, row.value)] * 3)
    stage.settle()
    assert stage.notes() == ["A", "reminded ord_1"]


def test_a_message_that_is_missing_in_the_middle_holds_back_its_key_until_it_comes(stage: ProbeStage) -> None:
    for reference in "ABC":
        stage.say(paid("ord_1", reference))
    stage.say(paid("ord_2", "other"))
    outbox = stage.talker.frame.outbox
    with stage.talker.transaction() as tx:
        missing = tx.execute(sa.select(outbox).where(outbox.c.sequence == 2)).one()
        tx.execute(sa.delete(outbox).where(outbox.c.id == missing.id))
    stage.settle()
    assert sorted(n for n in stage.notes() if not n.startswith("rem")) == ["A", "other"]
    assert stage.count(stage.listener.frame.parked) == 1
    stage.runtime.log.producer("late").send([Message(missing.topic, missing.key, missing.value)])
    stage.settle()
    assert [n for n in stage.notes() if n in "ABC"] == ["A", "B", "C"]
    assert stage.count(stage.listener.frame.parked) == 0


def until_it_holds(stage: ProbeStage, seconds: float) -> None:
    """The listener got what was said, and keeps it back for so long."""
    consumer = stage.listening.consumer
    consumer.holds_back = seconds
    stage.talking.step()
    for _ in range(300):
        assert consumer.step(0.1) == 0
        if consumer.is_holding:
            return
    raise AssertionError("nothing came")


def test_what_a_service_only_counts_waits_for_what_it_handles_and_is_counted_with_it(stage: ProbeStage) -> None:
    stage.say(lapsed("ord_1"))
    until_it_holds(stage, 3600)
    assert stage.count(stage.listener.frame.inbox) == 0, "nobody waits for it"
    stage.say(paid("ord_2", "A"))
    stage.settle()
    assert "A" in stage.notes()
    assert stage.count(stage.listener.frame.inbox) == 2
    assert not stage.listening.consumer.is_holding


def test_what_a_service_only_counts_is_counted_in_a_moment_though_nothing_else_comes(stage: ProbeStage) -> None:
    stage.say(lapsed("ord_1"))
    until_it_holds(stage, 3600)
    stage.listening.consumer.holds_back = 0.001
    stage.settle()
    assert stage.count(stage.listener.frame.inbox) == 1


def test_what_was_held_back_comes_again_after_the_consumer_began_anew(stage: ProbeStage) -> None:
    stage.say(lapsed("ord_1"))
    until_it_holds(stage, 3600)
    stage.listening.consumer.close()
    stage.listening.consumer.holds_back = 0.0
    stage.settle()
    assert stage.count(stage.listener.frame.inbox) == 1


def test_poison_parks_its_key_and_nothing_else(stage: ProbeStage) -> None:
    stage.say(paid("ord_1", "POISON"))
    stage.say(paid("ord_1", "behind"))
    stage.say(paid("ord_2", "beside"))
    stage.settle()
    assert [n for n in stage.notes() if not n.startswith("rem")] == ["beside"]
    with stage.listener.reading() as connection:
        parked = connection.execute(sa.select(stage.listener.frame.parked).order_by("sequence")).all()
    assert [(row.sequence, row.reason) for row in parked] == [(1, "error"), (2, "gap")]


def test_a_parked_message_that_is_dropped_lets_the_ones_behind_it_go_on(stage: ProbeStage) -> None:
    stage.say(paid("ord_1", "POISON"))
    stage.say(paid("ord_1", "behind"))
    stage.settle()
    inbox = Inbox(LISTENER, stage.listener)
    with stage.listener.transaction(actor="console:stf_1") as tx:
        first = tx.execute(sa.select(stage.listener.frame.parked.c.id).order_by("sequence")).scalars().first()
        assert first is not None
        key = inbox.drop(first, tx)
    with stage.listener.transaction() as tx:
        assert inbox.resume(key, tx)
    assert "behind" in stage.notes()


def test_a_batch_of_which_one_fails_is_taken_one_by_one_and_nothing_twice(stage: ProbeStage) -> None:
    for number in range(20):
        stage.say(
            paid(f"ord_{number}", "POISON" if number == 7 else f"N{number}"), issued(f"adm_{number}", f"ord_{number}")
        )
    stage.settle()
    noted = sorted(n for n in stage.notes() if n.startswith("N"))
    assert noted == sorted(f"N{n}" for n in range(20) if n != 7)
    assert stage.count(eaters) == 19, "the admission behind the poisoned order waits with its key"


def test_a_message_that_is_no_event_is_set_aside_and_blocks_nobody(stage: ProbeStage) -> None:
    stage.runtime.log.producer("stranger").send([Message("ticketing.orders", "ord_1", b"hello")])
    stage.say(paid("ord_1", "A"))
    stage.settle()
    assert "A" in stage.notes()
    with stage.listener.reading() as connection:
        assert connection.execute(sa.select(stage.listener.frame.parked.c.reason)).scalars().all() == ["foreign"]


def test_an_errand_waits_for_what_is_away_and_counts_no_try(stage: ProbeStage) -> None:
    stage.fetch_error = Unavailable("The mail server is away.")
    with stage.listener.transaction() as tx:
        tx.schedule("fetch", "msg_1", tx.now)
    for _ in range(30):
        stage.settle()
        due = stage.listening.next_due()
        assert due is not None
        stage.runtime.clock.advance_to(due)  # type: ignore[attr-defined]
    assert stage.listening.timekeeper.stuck() == []
    stage.fetch_error = None
    stage.settle()
    assert stage.fetched == ["msg_1"]
    assert stage.listening.next_due() is None


def test_work_whose_own_error_persists_is_listed_as_stuck(stage: ProbeStage) -> None:
    with stage.listener.transaction() as tx:
        tx.schedule("remind", "bad", tx.now)
        tx.schedule("remind", "good", tx.now)
    for _ in range(10):
        stage.settle()
        stage.runtime.clock.advance_to(stage.runtime.clock.now() + timedelta(hours=1))  # type: ignore[attr-defined]
    assert [row["subject"] for row in stage.listening.timekeeper.stuck()] == ["bad"]
    assert stage.notes() == ["reminded good"]


def test_work_that_is_scheduled_again_while_it_is_done_is_done_once_more(stage: ProbeStage) -> None:
    with stage.listener.transaction() as tx:
        tx.schedule("fetch", "msg_1", tx.now)

    def again(errand: object) -> None:
        stage.fetched.append("once")
        if len(stage.fetched) == 1:
            with stage.listener.transaction() as tx:
                tx.schedule("fetch", "msg_1", tx.now)

    stage.listening.context["fetch"] = again
    stage.settle()
    assert stage.fetched == ["once", "once"]


def test_a_restored_database_is_refused_by_its_relay(stage: ProbeStage, tmp_path: Path) -> None:
    stage.say(paid("ord_1", "A"))
    stage.settle()
    sequences, relayed = stage.talker.frame.sequences, stage.talker.frame.relayed
    with stage.talker.transaction() as tx:
        tx.execute(sa.delete(sequences))
        tx.execute(sa.delete(relayed))
    stage.talking.close()
    stage.say(paid("ord_9", "new"))
    with pytest.raises(Corrupt, match="recover ticket"):
        Worker(TALKER, stage.runtime, None).relay.step()
