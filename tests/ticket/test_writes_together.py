"""What `tx.put` keeps until it is sent: seen as soon as anybody looks, all of it or nothing, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.ticket.store import conferences, orders
from services.ticket.store.tables import people, quotas
from tests.ticket.stage import Stage


@pytest.fixture
def stage(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "home", fresh_database_urls)
    yield made
    assert made.problems() == []
    made.close()


def test_what_was_put_is_seen_by_the_next_look_in_the_same_transaction(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        (quota,) = conferences.lock_quotas(tx, stage.conference.conference_id, {"regular"})
        quota.capacity += 1
        conferences.save_quotas(tx, [quota])
        quota.capacity += 1
        conferences.save_quotas(tx, [quota])
        assert conferences.load_quotas(tx.connection, stage.conference.conference_id)[0].capacity == 22


def test_what_was_put_is_written_also_when_nothing_follows(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        (quota,) = conferences.lock_quotas(tx, stage.conference.conference_id, {"regular"})
        quota.capacity += 1
        conferences.save_quotas(tx, [quota])
    assert stage.cell(sa.select(quotas.c.capacity)) == 21


def test_nothing_stays_of_what_was_put_when_the_transaction_fails(stage: Stage) -> None:
    with pytest.raises(RuntimeError), stage.database.transaction() as tx:
        (quota,) = conferences.lock_quotas(tx, stage.conference.conference_id, {"regular"})
        quota.capacity += 1
        conferences.save_quotas(tx, [quota])
        raise RuntimeError
    assert stage.cell(sa.select(quotas.c.capacity)) == 20


def test_an_order_that_exists_already_is_refused_whole(stage: Stage) -> None:
    held = stage.order("regular", "student")
    with stage.database.reading() as connection:
        order = orders.load_order(connection, held.order_id)
    stranger = orders.Person("per_stranger", "A Stranger", "stranger@example.org", "en")
    with pytest.raises(sa.exc.IntegrityError), stage.database.transaction() as tx:
        orders.record_order(tx, order, held.secret, "en", {}, [stranger])
    assert stage.cell(sa.select(sa.func.count()).where(people.c.person_id == "per_stranger")) == 0


@pytest.mark.parametrize("attendees", [1, 2, 10])
def test_an_order_of_any_size_is_kept_as_it_was_placed(stage: Stage, attendees: int) -> None:
    held = stage.order(*["student"] * attendees)
    with stage.database.reading() as connection:
        order = orders.load_order(connection, held.order_id)
        names = {person.name for person in orders.people_of(connection, held.order_id).values()}
    assert len({admission.attendee for admission in order.admissions}) == attendees
    assert order.total == held.placed.total
    assert names == {f"Guest {n}" for n in range(1, attendees + 1)}


def test_an_order_needs_no_more_statements_for_more_attendees_than_values_ask_for(stage: Stage) -> None:
    seen: list[str] = []
    sa.event.listen(
        stage.database.engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: seen.append(statement)
    )
    stage.order("student")
    few = len(seen)
    seen.clear()
    stage.order(*["student"] * 10)
    assert len(seen) - few <= 3, seen
