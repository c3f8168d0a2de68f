"""Disks that are full, databases from the future, and messages that nobody can read."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from shared.errors import Unavailable
from shared.operations import drop_parked, list_parked
from tests.chaos.town import PROJECT
from tests.fixtures.servers import Stack
from tests.flow.house import House, build


@pytest.fixture
def local_house(tmp_path: Path) -> Any:
    stack = Stack("local", f"embedded://{tmp_path}/log.db", f"sqlite:///{tmp_path}/{{service}}.db", "")
    house = build(stack, tmp_path)
    yield house
    house.close()


class FullDisk:
    """A database whose file cannot grow beyond what it is now."""

    def __init__(self, house: House, name: str) -> None:
        self._engine = house.database(name).engine

    def __enter__(self) -> None:
        self._engine.dispose()
        with contextlib.closing(sqlite3.connect(str(self._engine.url.database))) as connection:
            connection.execute("VACUUM")  # no page is left over that could be filled
        sa.event.listen(self._engine, "connect", self._limit)

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self._engine, "connect", self._limit)
        self._engine.dispose()

    @staticmethod
    def _limit(connection: Any, _record: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")


@pytest.mark.parametrize("name", ["ticket", "notification", "console"])
def test_a_full_disk_stops_one_service_without_harm_until_there_is_room(local_house: House, name: str) -> None:
    house = local_house
    house.buy(1)
    paying = [house.order_at_stripe(10, "student") for _ in range(2)]
    house.settle()
    refused, troubles = 0, set()
    with FullDisk(house, name):
        for basket in paying:
            house.shop.pay(basket)
            house.stage.stripe.deliver_due()
            troubles |= _work_a_round(house)
        for _ in range(12):
            answer = house.stage.browser().post("/api/v1/conferences/flow/orders", json=_wish(house))
            if answer.status_code != 201:
                refused += 1
                assert answer.status_code == 503
                assert answer.content_type == "application/problem+json"
            troubles |= _work_a_round(house)
        assert list_parked(house.database(name)) == []
    if name == "ticket":
        assert refused > 0, "the disk was full"
    else:
        assert any("full" in trouble for trouble in troubles), "the disk was full"
        assert refused == 0, "who has room goes on"
    house.buy(2, "student")
    house.wait(hours=1)
    assert [house.status(basket) for basket in paying] == ["paid", "paid"]
    house.check()
    house.check()


def _work_a_round(house: House) -> set[str]:
    """One step of everybody, and what went wrong in it."""
    troubles = set()
    for worker in house.stage.workers.values():
        for part in worker.parts:
            try:
                part.step()
            except Unavailable as error:
                troubles.add(str(error))
    return troubles


def _wish(house: House) -> dict[str, Any]:
    [guest] = house.guests(1, "student")
    return {
        "email": guest.email,
        "attendees": [{"name": guest.name, "email": guest.email, "admission_type": "student"}],
        "consents": {"terms": True, "privacy": True, "code_of_conduct": True},
    }


@pytest.mark.parametrize("command", [["migrate"], ["worker", "--listen", "127.0.0.1:0"], ["run", "--port", "0"]])
def test_a_database_that_is_newer_than_the_code_is_refused_at_start(
    local_house: House, tmp_path: Path, command: list[str]
) -> None:
    with local_house.database("catering").transaction() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    if "0" in command:
        from infra.local_server import free_ports

        command = [*command[:-1], str(free_ports(1)[0])]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", *command],
        env=environ | {"STAGEDOOR_HOME": str(tmp_path), "STAGEDOOR_SECRET": "x"},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "catering is newer than this code" in done.stderr
    assert "Traceback" not in done.stderr


def test_poison_parks_its_key_in_each_service_that_hears_it_and_nothing_else(stack: Stack, tmp_path: Path) -> None:
    house = build(stack, tmp_path)
    try:
        house.buy(1)
        poisoned = house.order_at_stripe(2)
        house.settle()
        house.shop.pay(poisoned)
        _poison_next(house)
        beside = house.buy(3)
        house.wait(hours=1)
        for name in ("catering", "notification", "console"):
            parked = list_parked(house.database(name))
            assert len({row["key"] for row in parked}) == 1, "one key, and what is behind it"
            assert {row["reason"] for row in parked} <= {"error", "gap"}
        assert house.headcount().admissions == 4
        assert house.status(beside) == "paid"
        for name in ("catering", "notification", "console"):
            database = house.database(name)
            service = house.stage.workers[name].service
            drop_parked(service, database, list_parked(database)[0]["id"], actor="console:stf_1")
        house.wait(minutes=10)
        assert house.headcount().admissions == 6
        for name in ("catering", "notification", "console"):
            assert list_parked(house.database(name)) == []
    finally:
        house.close()


def _poison_next(house: House) -> None:
    """What is said next is damaged on its way out: the first message has lost its facts."""
    outbox = house.database("ticket").frame.outbox
    house.stage.stripe.deliver_due()
    while house.stage.workers["ticket"].timekeeper.step_errands():
        pass
    with house.database("ticket").transaction() as tx:
        first = tx.execute(sa.select(outbox).order_by(outbox.c.id)).first()
        assert first is not None
        damaged = json.dumps(json.loads(first.value) | {"data": {}}).encode()
        tx.execute(sa.update(outbox).where(outbox.c.id == first.id).values(value=damaged))
