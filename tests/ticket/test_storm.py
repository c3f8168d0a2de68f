"""A storm: holds, payments, lapses, cancellations and transitions at once, from one seed, and then every promise looked up in SQL.

`STAGEDOOR_STORM_SECONDS` makes it longer (10 for each database unless it is set, 60 before a release).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.ticket.domain.conference import TierPlan, TypePlan
from services.ticket.handlers import cancel_order, place_order
from services.ticket.store.tables import admissions, orders, quotas
from shared.errors import Refused, Unavailable
from shared.events.ticketing import OrderCancelled, OrderLapsed, OrderPaid, TierClosed, TierOpened
from tests.ticket.stage import START, Stage, make_plan, make_wish

SECONDS = float(os.environ.get("STAGEDOOR_STORM_SECONDS", "10"))
SEED = 20270301
CAPACITY = 40
TYPES = (
    TypePlan(
        "regular",
        "Regular",
        "Regulär",
        (
            TierPlan("Early bird", "Frühbucher", 19900, START + timedelta(hours=1), 10),
            TierPlan("Regular", "Regulär", 29900, START + timedelta(hours=5), 30),
            TierPlan("Last minute", "Last Minute", 44900),
        ),
    ),
    TypePlan("student", "Student", "Studierende", (TierPlan("Student", "Studierende", 5900),)),
)


@pytest.fixture
def stage(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "home", fresh_database_urls, make_plan(capacity=CAPACITY, types=TYPES))
    yield made
    made.close()


class Storm:
    """Threads that each do one thing over and over, with dice of their own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._until = time.monotonic() + SECONDS
        self.broken: list[BaseException] = []

    def blow(self) -> None:
        acts = [self.buy, self.buy, self.buy, self.pay, self.pay, self.cancel, self.work, self.let_time_pass]
        threads = [threading.Thread(target=self._again, args=(act, n)) for n, act in enumerate(acts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _again(self, act: Callable[[random.Random], None], number: int) -> None:
        dice = random.Random(SEED + number)
        while time.monotonic() < self._until and not self.broken:
            try:
                act(dice)
            except (Refused, Unavailable):
                continue
            except BaseException as error:
                self.broken.append(error)
                raise

    def buy(self, dice: random.Random) -> None:
        place_order(
            self._stage.database, "searchlight", make_wish(*dice.choices(("regular", "student"), k=dice.randint(1, 3)))
        )

    def pay(self, dice: random.Random) -> None:
        found = self._some(dice, "held")
        if found is not None:
            browser = self._stage.browser()
            answer = browser.get(f"/pay/{found.reference}?key={found.secret}")
            if answer.status_code == 303 and dice.random() < 0.7:
                session = answer.headers["Location"].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
                self._stage.pay_at_stripe(session)

    def cancel(self, dice: random.Random) -> None:
        found = self._some(dice, dice.choice(("held", "paid")))
        time.sleep(0.05)
        if found is not None:
            cancel_order(self._stage.database, found.order_id)

    def work(self, dice: random.Random) -> None:
        if self._stage.fake.extensions["fake_stripe"].deliver_due() + self._stage.worker.step() == 0:
            time.sleep(0.005)

    def let_time_pass(self, dice: random.Random) -> None:
        time.sleep(0.05)
        self._stage.clock.advance_to(self._stage.clock.now() + timedelta(minutes=dice.randint(0, 6)))

    def _some(self, dice: random.Random, state: str) -> sa.Row[tuple[str, str, str]] | None:
        with self._stage.database.reading() as connection:
            rows = connection.execute(
                sa.select(orders.c.order_id, orders.c.reference, orders.c.secret)
                .where(orders.c.state == state)
                .order_by(orders.c.order_id)
            ).all()
        return dice.choice(rows) if rows else None


def test_a_storm_breaks_no_promise_and_what_lapses_is_sold_again(stage: Stage) -> None:
    storm = Storm(stage)
    storm.blow()
    assert storm.broken == []
    stage.wait(hours=3)
    assert stage.problems() == []
    assert stage.cell(sa.select(sa.func.count()).select_from(orders).where(orders.c.state == "held")) == 0
    assert all(stage.said(kind) for kind in (OrderPaid, OrderLapsed, OrderCancelled)), "it was no storm"
    for kind in (TierClosed, TierOpened):
        tiers = [event.tier_id for event in stage.said(kind)]
        assert len(tiers) == len(set(tiers))
    assert stage.cell(sa.select(sa.func.count()).select_from(admissions)) > CAPACITY

    left = CAPACITY - stage.quota_taken()
    for _ in range(left):
        stage.order("student")
    with pytest.raises(Refused):
        stage.order("student")
    assert stage.cell(sa.select(quotas.c.taken)) == CAPACITY
    assert stage.problems() == []
