"""The same tables and statements on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.notification import asking, people, store
from services.notification.app import SERVICE, create_worker
from services.notification.domain.consent import Topic
from services.notification.mailer import Mailbox
from shared.clock import SimulatedClock
from shared.config import load
from shared.database.migrate import differences, migrate
from shared.ids import seeded_ids
from shared.log import open_log
from shared.runtime import Runtime
from shared.service import Service
from tests.notification.conftest import CONFERENCE, START, House, Others, admission, conference


@pytest.fixture
def anywhere(tmp_path: Path, fresh_database_urls: str, others: Others) -> Iterator[House]:
    settings = load({"STAGEDOOR_HOME": str(tmp_path), "STAGEDOOR_DATABASE_URL": fresh_database_urls})
    clock = SimulatedClock(START)
    runtime = Runtime(settings=settings, clock=clock, ids=seeded_ids(1), log=open_log(settings.log_at, ""))
    for name in ("ticket", "sponsor_invoice", "catering"):
        runtime.transports[name] = others.transport(name)
    database = runtime.database(SERVICE)
    migrate(database, SERVICE.migrations)
    runtime.log.create_topics([*SERVICE.consumes, *SERVICE.publishes])
    house = House(runtime, clock, database, create_worker(runtime, Mailbox()), others)
    house.hear(conference())
    yield house
    house.worker.close()
    runtime.close()


def test_the_migrations_make_the_tables_that_the_code_has(anywhere: House) -> None:
    assert isinstance(SERVICE, Service)
    assert differences(anywhere.database) == []


def test_a_mail_goes_its_way_on_both_databases(anywhere: House) -> None:
    anywhere.hear(admission())
    anywhere.work()
    assert anywhere.states() == [("ticket", "sent")]
    anywhere.pass_time(timedelta(days=32))
    with anywhere.database.reading() as connection:
        assert store.load_letter(connection, anywhere.ledger()[0].message_id) is None


def test_asking_twice_makes_one_person_and_one_consent(anywhere: House) -> None:
    for email in ("eve@example.org", "Eve@Example.org"):
        asking.ask_for_reminder(
            anywhere.runtime,
            anywhere.database,
            conference_id=CONFERENCE,
            email=email,
            locale="de",
            client="192.0.2.1",
        )
    with anywhere.database.transaction() as tx:
        person_id = people.meet(tx, "eve@example.org", "de")
        consent = people.lock_consent_of(tx, CONFERENCE, person_id, Topic.PRICE_RISES)
    assert consent is not None and consent.asks == 2


def test_a_rebuilt_projection_is_the_same_again(anywhere: House) -> None:
    def rows() -> list[list[object]]:
        with anywhere.database.reading() as connection:
            return [[tuple(row) for row in connection.execute(table.select())] for table in SERVICE.projection_tables]

    before = rows()
    anywhere.hear(conference())
    assert rows() == before
