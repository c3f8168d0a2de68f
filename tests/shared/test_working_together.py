"""Processes on one database: who waits is the next to write, and what one leaves the other one's worker sees."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.database.schema import state_of
from shared.database.upsert import Bulk
from shared.lookout import Lookout, Seen
from shared.runtime import Runtime
from shared.worker import Worker
from tests.fixtures.servers import Stack
from tests.support.probe import LISTENER, START, TALKER, eaters, issued, make_runtime, notes, prepared

HOLDER = """
import sys, time
from pathlib import Path
from tests.support.probe import TALKER, make_runtime
with make_runtime(Path(sys.argv[1])).database(TALKER).transaction():
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def runtime(stack: Stack, tmp_path: Path) -> Iterator[Runtime]:
    made = make_runtime(tmp_path, stack.log_url, stack.database_url, stack.prefix)
    prepared(made, TALKER, LISTENER)
    yield made
    made.close()


def test_a_writer_that_was_killed_leaves_the_queue(tmp_path: Path) -> None:
    runtime = make_runtime(tmp_path)
    (database,) = prepared(runtime, TALKER)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"writing\n"
    written = threading.Event()

    def write() -> None:
        with database.transaction() as tx:
            tx.publish(issued("adm_1"))
        written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert not written.is_set()
    holder.kill()
    holder.wait()
    writer.join(30)
    assert written.is_set()
    runtime.close()


def test_a_lookout_sees_what_others_put_out_and_what_falls_due(runtime: Runtime) -> None:
    database = runtime.database(LISTENER)
    lookout = Lookout(database)
    assert lookout.look() == Seen(spoken=False, due="")
    with database.transaction() as tx:
        tx.schedule("remind", "ord_1", START + timedelta(minutes=1))
    assert lookout.look() == Seen(spoken=False, due="")
    runtime.clock.advance_to(START + timedelta(minutes=1))  # type: ignore[attr-defined]
    assert lookout.look() == Seen(spoken=False, due="remind")
    with runtime.database(TALKER).transaction() as tx:
        tx.publish(issued("adm_1"))
    talking = Lookout(runtime.database(TALKER))
    assert talking.look().spoken
    talking.close()
    lookout.close()


def test_a_running_worker_does_what_another_process_scheduled(runtime: Runtime, stack: Stack, tmp_path: Path) -> None:
    worker, stop = Worker(LISTENER, runtime, {}), threading.Event()
    running = threading.Thread(target=worker.run, args=(stop,))
    running.start()
    other = make_runtime(tmp_path, stack.log_url, stack.database_url, stack.prefix)
    with other.database(LISTENER).transaction() as tx:
        tx.schedule("remind", "ord_1", START)
    until = time.monotonic() + 30
    while not _noted(other) and time.monotonic() < until:
        time.sleep(0.02)
    assert _noted(other) == ["reminded ord_1"]
    stop.set()
    running.join(30)
    assert not running.is_alive()
    other.close()


def _noted(runtime: Runtime) -> list[str]:
    with runtime.database(LISTENER).reading() as connection:
        return list(connection.execute(sa.select(notes.c.text)).scalars())


def test_rows_by_the_hundred_are_the_same_as_rows_one_by_one(runtime: Runtime) -> None:
    bulk = Bulk(eaters, lambda fresh: fresh.on_conflict_do_nothing(index_elements=["admission_id"]))
    rows = [{"admission_id": f"adm_{n}", "conference_id": "con_1", "cancelled": n % 2 == 0} for n in range(100)]
    with runtime.database(LISTENER).transaction() as tx:
        for row in rows[:30]:
            bulk.put(tx.connection, [row])
        bulk.put(tx.connection, rows)
        found = tx.execute(sa.select(eaters)).mappings().all()
    assert sorted((dict(row) for row in found), key=str) == sorted(rows, key=str)


def test_a_database_knows_whether_it_fits_this_code(tmp_path: Path) -> None:
    from services.ticket.app import SERVICE
    from shared.database.migrate import migrate

    runtime = make_runtime(tmp_path)
    database = runtime.database(SERVICE)
    assert "stagedoor migrate" in state_of(database, SERVICE.migrations)[0]
    migrate(database, SERVICE.migrations)
    assert state_of(database, SERVICE.migrations) == []
    with database.transaction() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert "newer" in state_of(database, SERVICE.migrations)[0]
    runtime.close()
