"""One file, several processes: what gunicorn's workers would be."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.desk import FakeStripe
from infra.fake_stripe.dial import Dial

ROUNDS = 40


def count_in(data: str) -> None:
    """Read, add one and write, many times; then draw as often."""
    fake = FakeStripe(FakeStripeConfig(data=data))
    for _ in range(ROUNDS):
        with fake.work() as work:
            work.tx.set("count", int(work.tx.setting("count") or 0) + 1)
            work.draw()
    fake.close()


def test_processes_that_share_a_file_lose_none_of_each_others_writes(tmp_path: Path) -> None:
    data = str(tmp_path / "stripe.db")
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(count_in, [data] * 3))
    fake = FakeStripe(FakeStripeConfig(data=data))
    with fake.work() as work:
        assert (work.tx.setting("count"), work.tx.setting("draws")) == (3 * ROUNDS, 3 * ROUNDS)
    fake.close()


def test_the_dial_that_was_turned_is_there_after_a_restart_and_reset_goes_back(tmp_path: Path) -> None:
    data = str(tmp_path / "stripe.db")
    first = FakeStripe(FakeStripeConfig(data=data, dial=Dial(drop_rate=0.1)))
    with first.work() as work:
        assert work.dial.drop_rate == 0.1
        work.turn(work.dial.turned({"drop_rate": 0.5, "next_answers": ["ok"]}))
    first.close()
    second = FakeStripe(FakeStripeConfig(data=data))
    with second.work() as work:
        assert (work.dial.drop_rate, work.dial.next_answers) == (0.5, ("ok",))
    second.close()


def test_an_effect_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    fake = FakeStripe(FakeStripeConfig(data=str(tmp_path / "stripe.db")))
    try:
        with fake.work() as work:
            work.tx.set("half", 1)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        with fake.work() as work:
            assert work.tx.setting("half") is None
    fake.close()
