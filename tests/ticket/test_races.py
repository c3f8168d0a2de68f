"""Many at once, on both databases: nothing is oversold, no voucher is used twice, no key makes two orders."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.ticket.handlers import confirm_payment, make_vouchers, place_order
from services.ticket.store import vouchers
from shared.errors import Refused
from shared.events.ticketing import OrderPaid, TierClosed, TierOpened
from tests.ticket.stage import Stage, make_wish

BUYERS = 12


@pytest.fixture
def stage(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "home", fresh_database_urls)
    yield made
    assert made.problems() == []
    made.close()


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What each of them got: an answer, or the refusal."""
    start, results = threading.Barrier(count), list[Any]([None] * count)

    def run(n: int) -> None:
        start.wait()
        try:
            results[n] = act(n)
        except Refused as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_buyers_at_once_never_oversell_and_each_tier_closes_once(stage: Stage) -> None:
    def buy(n: int) -> list[Any]:
        got: list[Any] = []
        for turn in range(3):
            types = ["regular" if (n + turn) % 3 else "student"] * (1 + n % 2)
            try:
                got.append(place_order(stage.database, "searchlight", make_wish(*types)))
            except Refused as error:
                got.append(error)
        return got

    results = [each for got in at_once(BUYERS, buy) for each in got]
    assert stage.quota_taken() <= 20
    assert stage.taken("Early bird") <= 5
    assert len(stage.said(TierClosed)) == len({event.tier_id for event in stage.said(TierClosed)})
    assert len(stage.said(TierOpened)) == len({event.tier_id for event in stage.said(TierOpened)})
    assert any(isinstance(each, Refused) for each in results)


def test_one_voucher_buys_one_admission_however_many_try(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        lot = make_vouchers(tx, stage.conference, "sponsor", 1)
    with stage.database.reading() as connection:
        code = vouchers.codes_of(connection, lot.lot_id)[0].code
    wish = make_wish("sponsor", voucher=code)
    results = at_once(BUYERS, lambda n: place_order(stage.database, "searchlight", wish))
    assert sum(not isinstance(each, Refused) for each in results) == 1


def test_one_key_makes_one_order_however_often_it_is_sent(stage: Stage) -> None:
    results = at_once(BUYERS, lambda n: place_order(stage.database, "searchlight", make_wish(), "key", "digest"))
    assert {each.reference for each in results} == {results[0].reference}
    assert stage.quota_taken() == 1


def test_one_payment_pays_once_whoever_asks(stage: Stage) -> None:
    order = stage.order()
    session = stage.pay_page(order)
    assert stage.pay_at_stripe(session) == 200
    at_once(6, lambda n: confirm_payment(stage.context, session))
    stage.settle()
    assert len(stage.said(OrderPaid)) == 1


def test_a_payment_at_the_very_end_of_the_hold_keeps_the_ticket(stage: Stage) -> None:
    orders = [stage.order("student") for _ in range(4)]
    sessions = [stage.pay_page(order) for order in orders]
    stage.clock.advance_to(orders[0].placed.hold_expires_at - timedelta(seconds=30))
    for session in sessions:
        assert stage.pay_at_stripe(session) == 200
    stage.clock.advance_to(orders[0].placed.hold_expires_at)

    def act(n: int) -> None:
        if n < len(sessions):
            confirm_payment(stage.context, sessions[n])
        else:
            stage.work()

    at_once(len(sessions) + 1, act)
    stage.settle()
    assert [stage.state(order) for order in orders] == ["paid"] * 4
    assert stage.quota_taken() == 4
