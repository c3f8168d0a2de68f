"""Ladders, quotas, VAT and the ledger against simple models."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ticket.domain.conference import last_step_is_late
from services.ticket.domain.errors import NotEnoughLeft, NotOnSale, SoldOut
from services.ticket.domain.ledger import SIDES, post
from services.ticket.domain.local_time import at_local, days_earlier, end_of
from services.ticket.domain.order import TRANSITIONS, Admission, Order, State
from services.ticket.domain.quota import Quota
from services.ticket.domain.tier import Ladder, Tier, check_ladder
from services.ticket.domain.vat import vat_of
from services.ticket.domain.voucher import spell_code, tidy_code
from shared.errors import Conflict, Corrupt, InvalidInput
from shared.events.ticketing import QuotaChanged, TierClosed, TierEndingSoon, TierOpened
from shared.money import Money

DAY_ZERO = datetime(2027, 1, 1, tzinfo=UTC)


def euros(amount: int) -> Money:
    return Money(amount * 100, "EUR")


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Up to four tiers, each with an end, a cap, or both; the last may have neither."""
    count = draw(st.integers(1, 4))
    ends_on = sorted(draw(st.lists(st.integers(1, 60), min_size=count, max_size=count, unique=True)))
    tiers: list[Tier] = []
    starts_at = draw(st.sampled_from([None, DAY_ZERO, DAY_ZERO + timedelta(hours=30)]))
    for n in range(count):
        kind = draw(st.sampled_from(["date", "cap", "both"] if n < count - 1 else ["date", "cap", "both", "neither"]))
        ends_at = DAY_ZERO + timedelta(days=ends_on[n], hours=12) if kind in ("date", "both") else None
        cap = draw(st.integers(1, 12)) if kind in ("cap", "both") else None
        tiers.append(Tier(f"tie_{n}", "regular", f"T{n}", f"T{n}", euros(100 + n), starts_at, ends_at, cap))
        starts_at = ends_at
    return Ladder("con_1", "regular", tiers)


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    """(what, hours later, how many)."""
    return draw(
        st.lists(
            st.tuples(st.sampled_from(["buy", "lapse", "look", "timer"]), st.integers(0, 200), st.integers(1, 6)),
            max_size=30,
        )
    )


def test_an_order_that_is_refused_turns_no_tier() -> None:
    noon = DAY_ZERO + timedelta(hours=12)
    tiers = [
        Tier("tie_0", "regular", "A", "A", euros(100), None, noon, None),
        Tier("tie_1", "regular", "B", "B", euros(101), noon, None, 1),
    ]
    ladder = Ladder("con_1", "regular", tiers)
    ladder.advance(DAY_ZERO)
    with pytest.raises(NotEnoughLeft):
        ladder.take(2, noon)
    assert [type(event) for event in ladder.advance(noon)] == [TierClosed, TierOpened]


@given(ladders(), steps())
def test_tiers_close_once_open_once_in_order_and_never_come_back(ladder: Ladder, path: list[Any]) -> None:
    now, said, sold = DAY_ZERO, ladder.advance(DAY_ZERO), []
    for what, hours, count in path:
        now += timedelta(hours=hours)
        expected = ladder.open_tier(now)
        if what == "buy":
            try:
                tier, events = ladder.take(count, now)
            except NotEnoughLeft as error:
                assert expected is not None and expected.left is not None and expected.left < count
                assert error.facts["left"] == expected.left
                continue
            except (NotOnSale, SoldOut):
                assert expected is None
                continue
            assert tier is expected
            sold.append((tier.tier_id, count))
            said += events
        elif what == "lapse" and sold:
            ladder.give_back(*sold.pop())
        elif what == "timer":
            said += ladder.advance(now)
    opened = [event.tier_id for event in said if isinstance(event, TierOpened)]
    closed = [event for event in said if isinstance(event, TierClosed)]
    assert opened == [tier.tier_id for tier in ladder.tiers[: len(opened)]]
    assert [event.tier_id for event in closed] == opened[: len(closed)]
    assert len(opened) - len(closed) in (0, 1)
    for event, following in zip(closed, [e for e in said if isinstance(e, TierOpened)][1:], strict=False):
        assert following.opened_at == event.closed_at
    for event in closed:
        tier = ladder.find(event.tier_id)
        if event.reason == "date":
            assert event.closed_at == max(tier.ends_at or now, tier.opened_at or now)
        else:
            assert event.taken == tier.cap
    for tier in ladder.tiers:
        assert tier.cap is None or tier.taken <= tier.cap
        assert tier.taken == sum(count for tier_id, count in sold if tier_id == tier.tier_id)
    warnings = [event.tier_id for event in said if isinstance(event, TierEndingSoon)]
    assert len(warnings) == len(set(warnings))


@given(ladders(), st.integers(0, 2000))
def test_which_tier_is_open_does_not_depend_on_a_timer(ladder: Ladder, hours: int) -> None:
    now = DAY_ZERO + timedelta(hours=hours)
    ladder.advance(DAY_ZERO)
    before = ladder.open_tier(now)
    ladder.advance(now)
    assert ladder.open_tier(now) is before


@given(st.integers(1, 50), st.lists(st.tuples(st.booleans(), st.integers(1, 10)), max_size=60))
def test_a_quota_is_never_oversold(capacity: int, path: list[tuple[bool, int]]) -> None:
    quota, model = Quota("quo_1", "con_1", "Capacity", capacity, ("regular",)), 0
    for is_sale, count in path:
        if is_sale:
            if model + count <= capacity:
                quota.take(count)
                model += count
            else:
                with pytest.raises(SoldOut if model == capacity else NotEnoughLeft):
                    quota.take(count)
        elif count <= model:
            quota.give_back(count)
            model -= count
        else:
            with pytest.raises(Corrupt):
                quota.give_back(count)
        assert (quota.taken, quota.left) == (model, capacity - model)


def test_a_capacity_goes_not_below_what_is_sold() -> None:
    quota = Quota("quo_1", "con_1", "Capacity", 10, ("regular",), 6)
    with pytest.raises(Conflict):
        quota.resize(5)
    [event] = quota.resize(6)
    assert event == QuotaChanged(conference_id="con_1", quota_id="quo_1", name="Capacity", capacity=6, old_capacity=10)
    assert quota.resize(6) == []


@given(st.lists(st.tuples(st.sampled_from(sorted(SIDES)), st.integers(1, 10**9)), max_size=40))
def test_a_ledger_sums_to_zero_whatever_is_posted(path: list[tuple[Any, int]]) -> None:
    entries = [
        entry
        for n, (kind, amount) in enumerate(path)
        for entry in post(kind, f"pos_{n}", "con_1", "ord_1", Money(amount, "EUR"), DAY_ZERO)
    ]
    assert sum(entry.amount.amount for entry in entries) == 0


def test_an_order_that_was_paid_and_refunded_owes_nothing() -> None:
    entries = [
        entry
        for kind in ("sale", "charge", "reversal", "refund")
        for entry in post(kind, kind, "con_1", "ord_1", euros(199), DAY_ZERO)
    ]
    for account in ("order", "sales", "stripe"):
        assert sum(entry.amount.amount for entry in entries if entry.account == account) == 0


def test_only_positive_amounts_are_posted() -> None:
    with pytest.raises(InvalidInput):
        post("charge", "pos_1", "con_1", "ord_1", euros(0), DAY_ZERO)


@given(st.lists(st.tuples(st.sampled_from([0, 700, 1900]), st.integers(0, 100_000)), min_size=1, max_size=10))
def test_vat_is_taken_once_per_rate_and_adds_up_to_the_gross_sum(lines: list[tuple[int, int]]) -> None:
    amounts = vat_of((rate, Money(gross, "EUR")) for rate, gross in lines)
    assert sum(each.net.amount + each.vat.amount for each in amounts) == sum(gross for _, gross in lines)
    assert len({each.rate for each in amounts}) == len(amounts)
    for each in amounts:
        gross = sum(amount for rate, amount in lines if rate == each.rate)
        assert each.vat.amount == gross - round_half_up(gross * 10_000, 10_000 + each.rate)


def round_half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def order_in(state: State) -> Order:
    seat = Admission("adm_1", "regular", "tie_1", euros(199), "per_2")
    return Order(
        "ord_1", "con_1", "ABC", "EUR", "per_1", "card", DAY_ZERO, DAY_ZERO + timedelta(minutes=30), [seat], (), state=state
    )  # fmt: skip


@pytest.mark.parametrize("state", list(State))
def test_an_order_moves_only_along_its_transitions(state: State) -> None:
    moves: dict[State, Any] = {
        State.PLACED: lambda order: order.place(DAY_ZERO + timedelta(days=1), DAY_ZERO),
        State.PAID: lambda order: order.pay(DAY_ZERO),
        State.LAPSED: lambda order: order.lapse("expired", DAY_ZERO),
        State.CANCELLED: lambda order: order.cancel("buyer", euros(199), DAY_ZERO),
    }
    for to, move in moves.items():
        order = order_in(state)
        if to in TRANSITIONS[state]:
            assert move(order)
            assert order.state == to
        else:
            with pytest.raises(Conflict):
                move(order)
            assert order.state == state


@pytest.mark.parametrize(("day", "hours"), [(date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2028, 2, 29), 24)])
def test_a_local_day_may_have_23_or_25_hours_and_29_february_exists(day: date, hours: int) -> None:
    begins = at_local(day, time(0), "Europe/Berlin")
    assert end_of(day, "Europe/Berlin") - begins == timedelta(hours=hours)


def test_a_time_that_the_clock_skips_or_repeats_is_one_instant() -> None:
    assert at_local(date(2027, 3, 28), time(2, 30), "Europe/Berlin") == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert at_local(date(2027, 10, 31), time(2, 30), "Europe/Berlin") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_days_before_an_end_keep_the_wall_clock() -> None:
    ends_at = end_of(date(2027, 3, 31), "Europe/Berlin")
    assert days_earlier(ends_at, 7, "Europe/Berlin") == datetime(2027, 3, 24, 23, tzinfo=UTC)


def tier(name: str, **facts: Any) -> Tier:
    return Tier(f"tie_{name}", "regular", name, name, euros(100), **facts)


@pytest.mark.parametrize(
    "tiers",
    [
        [tier("A"), tier("B")],
        [tier("A", cap=0)],
        [tier("A", ends_at=DAY_ZERO), tier("B", starts_at=DAY_ZERO, ends_at=DAY_ZERO)],
        [tier("A", ends_at=DAY_ZERO), tier("B", starts_at=DAY_ZERO + timedelta(days=1))],
        [tier("A", ends_at=DAY_ZERO), tier("B", starts_at=DAY_ZERO - timedelta(days=1))],
        [tier("A", starts_at=DAY_ZERO, ends_at=DAY_ZERO)],
    ],
)
def test_tiers_that_overlap_leave_a_gap_or_never_end_are_refused(tiers: list[Tier]) -> None:
    with pytest.raises(InvalidInput):
        check_ladder(tiers)


def test_the_end_of_the_open_tier_may_move_with_a_reason_and_of_no_other() -> None:
    ends_at = DAY_ZERO + timedelta(days=10)
    second = tier("B", starts_at=ends_at, ends_at=ends_at + timedelta(days=9))
    ladder = Ladder("con_1", "regular", [tier("A", ends_at=ends_at), second, tier("C")])
    ladder.advance(DAY_ZERO)
    later = ends_at + timedelta(days=2)
    assert ladder.announce("tie_A", 7, "Europe/Berlin", ends_at - timedelta(days=7))
    [changed] = ladder.move_end("tie_A", later, "extended", ends_at - timedelta(days=1))
    assert (changed.old_ends_at, changed.new_ends_at) == (ends_at, later)  # type: ignore[attr-defined]
    assert ladder.tiers[1].starts_at == later
    assert ladder.announce("tie_A", 7, "Europe/Berlin", later - timedelta(days=7))
    for tier_id, new_end, reason in [
        ("tie_B", later, "no"),
        ("tie_A", DAY_ZERO, "past"),
        ("tie_A", ends_at + timedelta(days=9), "beyond the next"),
        ("tie_A", later, " "),
    ]:
        with pytest.raises((Conflict, InvalidInput)):
            ladder.move_end(tier_id, new_end, reason, ends_at - timedelta(days=1))


def test_a_last_price_that_starts_after_the_week_before_the_deadline_is_warned_about() -> None:
    from types import SimpleNamespace

    deadline = datetime(2027, 5, 31, 10, tzinfo=UTC)
    conference: Any = SimpleNamespace(catering_deadline=deadline, time_zone="Europe/Berlin")
    for days, late in [(8, False), (7, False), (6, True)]:
        starts_at = deadline - timedelta(days=days)
        ladder = Ladder("con_1", "regular", [tier("A", ends_at=starts_at), tier("B", starts_at=starts_at)])
        assert last_step_is_late(conference, ladder) is late


@given(st.text("ABCDEFGHJKMNPQRSTVWXYZ23456789", min_size=12, max_size=12))
def test_a_voucher_code_is_the_same_however_it_is_typed(code: str) -> None:
    assert tidy_code(f" {spell_code(code).lower()} ") == code
