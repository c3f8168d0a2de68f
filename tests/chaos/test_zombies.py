"""A worker that stands still for so long that others give it up, and then goes on as if nothing had been."""

from __future__ import annotations

import signal

from infra.local_server import free_ports
from tests.chaos.town import Town


def test_a_worker_that_wakes_up_after_another_took_over_doubles_nothing(town: Town) -> None:
    town.buy(2)
    sleeper = town.start_worker()
    town.settle()
    town.buy(1)
    sleeper.send_signal(signal.SIGSTOP)
    (port,) = free_ports(1)
    successor = town.start_worker(port=port)
    town.environ["STAGEDOOR_INTERNAL_URL"] = f"http://127.0.0.1:{port}"
    town.buy(2)
    # The relay's lease, the claims and the membership of who stands still end by themselves: that is what is shown here.
    town.wait_until(lambda: len(town.mailed()) == 8, "the successor heard everything", patience=120)
    sleeper.send_signal(signal.SIGCONT)
    town.buy(3)
    town.wait_until(lambda: len(town.mailed()) == 12, "both go on")
    town.settle()
    town.check(unknown=2)
    assert [town.end(worker) for worker in (sleeper, successor)] == [0, 0]
