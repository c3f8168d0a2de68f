"""A process killed with -9 at every named crash point loses nothing and doubles nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.crash import POINTS
from tests.chaos.town import Town
from tests.fixtures.servers import Stack
from tests.fixtures.smtp import MailServer

ROUNDS = {
    "local": (
        "database.before_commit",
        "database.before_commit:7",
        "database.before_commit:19",
        "database.after_commit",
        "database.after_commit:5",
        "database.after_commit:23",
        "relay.after_ack",
        "relay.after_ack:3",
        "smtp.in_data",
        "smtp.after_data:2",
    ),
    "cluster": (
        "database.before_commit:6",
        "database.after_commit:11",
        "relay.after_ack",
        "smtp.in_data",
        "smtp.after_data",
    ),
}
"""Where the worker dies, one after the other, in the same town."""


@pytest.fixture
def served_town(stack: Stack, tmp_path: Path, mail_server: MailServer) -> Iterator[Town]:
    built = Town(stack, tmp_path, mail_server, serves_web=True)
    try:
        yield built
    finally:
        built.close()


def test_every_point_is_passed_in_these_tests() -> None:
    for rounds in ROUNDS.values():
        assert {armed.partition(":")[0] for armed in rounds} | {"webhook.before_answer"} == set(POINTS)


def test_a_worker_killed_at_every_point_loses_and_doubles_nothing(town: Town, stack: Stack) -> None:
    for armed in ROUNDS[stack.name]:
        print(f"killed at {armed}")
        town.buy(2)
        worker = town.start_worker(armed)
        town.wait_until(lambda worker=worker: worker.poll() is not None, f"the worker dies at {armed}")  # type: ignore[misc]
        assert worker.returncode == -signal.SIGKILL, town.log_of("worker")[-2000:]
        town.let_time_pass()
    town.buy(1)
    worker = town.start_worker()
    town.settle()
    town.check(unknown=2 * len(ROUNDS[stack.name]))
    assert town.end(worker) == 0


def test_a_web_process_killed_before_its_answer_to_stripe_takes_the_payment_once(served_town: Town) -> None:
    town = served_town
    town.start_worker()
    web = town.start_web(armed="webhook.before_answer")
    town.buy(2)
    town.buy(1)
    town.wait_until(lambda: "SIGKILL" in town.log_of("web"), "the web process died of a webhook")
    town.kill(web)
    town.start_web()
    town.settle()
    deliveries = town.ask_stripe("GET", "/test/deliveries").get_json()["items"]
    assert any(each["tries"] > 1 for each in deliveries), "Stripe had to say it again"
    town.check()
