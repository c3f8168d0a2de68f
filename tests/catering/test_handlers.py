"""Catering hears of admissions, counts, forecasts and orders: with its real worker, log and database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from services.catering import handlers, references, store, tables
from services.catering.app import SERVICE
from services.catering.domain.order import Status
from shared import wire
from shared.database.migrate import differences
from shared.events.catering import (
    ForecastUpdated,
    HeadcountChanged,
    MealsOrdered,
    MealsProposed,
    PlatesDrifted,
)
from shared.events.ticketing import AdmissionReinstated, ConferenceCalledOff, ConferenceChanged
from shared.rebuild import rebuild
from tests.catering.stage import CONFERENCE, DOORS, START, Stage, cancelled, closed, issued, opened

DEADLINE = datetime(2027, 6, 7, 10, tzinfo=UTC)


def test_the_migrations_make_the_tables_that_the_code_has(stage: Stage) -> None:
    assert differences(stage.database) == []


def test_a_conference_begins_with_a_lunch_a_day_an_order_that_is_due_and_a_forecast(stage: Stage) -> None:
    stage.say(opened())
    with stage.database.reading() as connection:
        meals = store.list_meals(connection, CONFERENCE)
    assert [meal.name for meal in meals] == ["Lunch", "Lunch"]
    assert meals[0].served_at == datetime(2027, 6, 14, 10, 30, tzinfo=UTC)
    order = stage.order()
    assert (order.status, order.deadline_at) == (Status.OPEN, DEADLINE)
    (forecast,) = stage.said(ForecastUpdated)
    assert forecast.reason == "day"
    assert forecast.at_doors.p50 > 0, "nothing is sold yet, and still somebody will come"


def test_the_headcount_counts_every_admission_that_stands_and_is_said_once_a_batch(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(30)
    counts = stage.said(HeadcountChanged)
    assert counts[-1].admissions == 30
    assert len([c for c in counts if c.admissions]) <= 4, "at most one a batch, and a batch a partition"
    stage.say(cancelled(3, stage.now), cancelled(4, stage.now))
    assert stage.said(HeadcountChanged)[-1].admissions == 28
    gone = cancelled(3, stage.now)
    stage.say(
        AdmissionReinstated(
            conference_id=CONFERENCE,
            order_id=gone.order_id,
            reference=gone.reference,
            admission_id=gone.admission_id,
            admission_type=gone.admission_type,
            tier_id=gone.tier_id,
        )
    )
    assert stage.said(HeadcountChanged)[-1].admissions == 29


def test_somebody_who_comes_on_one_day_eats_on_that_day_only(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(2)
    stage.sell(1, days=(date(2027, 6, 15),))
    assert [meal.entitled for meal in stage.said(HeadcountChanged)[-1].meals] == [2, 3]


def test_admissions_that_arrive_before_their_conference_are_counted_when_it_arrives(stage: Stage) -> None:
    stage.sell(5)
    assert stage.said(HeadcountChanged)[-1].meals == ()
    stage.say(opened())
    assert [meal.entitled for meal in stage.said(HeadcountChanged)[-1].meals] == [5, 5]


def test_every_handler_may_run_twice(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(4)
    stage.say(cancelled(2, stage.now))
    stage.say(closed(stage.now))
    stage.pass_time(DEADLINE)
    orders, headcount = stage.order(), stage.headcount()
    with stage.database.reading() as connection:
        meals = store.list_meals(connection, CONFERENCE)
    envelopes = [
        wire.decode(record.topic, record.value)
        for place, end in stage.runtime.log.ends(SERVICE.consumes).items()
        for record in stage.runtime.log.read(place, 0, max(end, 1))
    ]
    ordered = len(stage.said(MealsOrdered))
    for _ in range(2):
        for envelope in envelopes:
            with stage.database.transaction() as tx:
                if function := handlers.PROJECTIONS.get(type(envelope.event)):
                    function([envelope], tx)
                if reaction := handlers.REACTIONS.get(type(envelope.event)):
                    reaction(envelope, tx)
        stage.settle()
    assert stage.headcount() == headcount
    assert stage.order().plates == orders.plates
    assert len(stage.said(MealsOrdered)) == ordered == 1
    with stage.database.reading() as connection:
        assert store.list_meals(connection, CONFERENCE) == meals


def test_the_forecast_is_made_anew_by_a_transition_by_a_new_day_and_once_a_minute_while_selling(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(10)
    stage.sell(10)
    stage.pass_time(stage.now + timedelta(minutes=1))
    sales = [forecast for forecast in stage.said(ForecastUpdated) if forecast.reason == "sales"]
    assert [forecast.admissions for forecast in sales] == [20], "two sales within a minute make one forecast"
    stage.say(closed(stage.now))
    assert stage.said(ForecastUpdated)[-1].reason == "transition"
    stage.pass_time(datetime(2027, 3, 1, 23, tzinfo=UTC))
    newest = stage.said(ForecastUpdated)[-1]
    assert (newest.reason, newest.forecast_at) == ("day", datetime(2027, 3, 1, 23, tzinfo=UTC))


def test_the_order_is_proposed_two_days_before_its_deadline_and_frozen_at_it_though_nobody_looks(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(100)
    stage.pass_time(DEADLINE - timedelta(days=2, seconds=1))
    assert stage.said(MealsProposed) == []
    stage.pass_time(DEADLINE - timedelta(days=2))
    (proposed,) = stage.said(MealsProposed)
    assert proposed.deadline_at == DEADLINE
    stage.pass_time(DEADLINE)
    (order,) = stage.said(MealsOrdered)
    assert (order.number, order.ordered_at, order.headcount) == (1, DEADLINE, 100)
    assert order.forecast.p05 >= 100, "never fewer than hold a ticket"
    assert [meal.plates for meal in order.plates] == [-(-order.forecast.p50 * 70 // 100)] * 2
    stage.pass_time(DOORS)
    assert len(stage.said(MealsOrdered)) == 1


def test_plates_that_drift_are_told_once_until_they_come_back(stage: Stage) -> None:
    stage.say(opened(capacity=2000))
    stage.sell(200)
    stage.pass_time(DEADLINE)
    stage.sell(150)
    stage.days_pass(2)
    told = stage.said(PlatesDrifted)
    assert len(told) == 2, "both lunches, once each"
    assert all(drift.expected - drift.ordered > drift.tolerance == 10 for drift in told)


def test_a_conference_whose_doors_move_orders_a_week_before_the_new_ones(stage: Stage) -> None:
    stage.say(opened())
    facts = opened(doors_at=DOORS + timedelta(days=7))
    stage.say(ConferenceChanged(**{name: getattr(facts, name) for name in facts.__dataclass_fields__}))
    assert stage.order().deadline_at == DEADLINE + timedelta(days=7)
    stage.pass_time(DEADLINE + timedelta(days=1))
    assert stage.order().status is Status.OPEN


def test_a_conference_that_is_called_off_orders_nothing(stage: Stage) -> None:
    stage.say(opened())
    stage.say(ConferenceCalledOff(conference_id=CONFERENCE, reason="storm"))
    stage.pass_time(DOORS)
    assert stage.said(MealsOrdered) == []


def test_a_conference_that_opens_when_its_deadline_is_past_orders_at_once(stage: Stage) -> None:
    stage.say(opened(doors_at=START + timedelta(days=3)))
    (order,) = stage.said(MealsOrdered)
    assert order.ordered_at == START


def test_projections_are_rebuilt_to_the_same_bytes_and_decisions_stay(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(50)
    stage.say(cancelled(7, stage.now), closed(stage.now))
    stage.pass_time(DEADLINE)
    said = stage.said()
    kept = [table for table in tables.metadata.sorted_tables if table not in SERVICE.projection_tables]
    with stage.database.reading() as connection:
        before = {table.name: connection.execute(sa.select(table)).all() for table in kept}
    rebuilt = rebuild(SERVICE, stage.database, stage.runtime.log)
    assert rebuilt.equal
    with stage.database.reading() as connection:
        assert {t.name: connection.execute(sa.select(t)).all() for t in kept if t.name != "inbox"} == {
            name: rows for name, rows in before.items() if name != "inbox"
        }
    stage.settle()
    assert stage.said() == said


def test_verify_finds_a_headcount_that_is_not_what_the_facts_give(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(5)
    (check,) = SERVICE.checks
    with stage.database.reading() as connection:
        assert check(connection) == []
    with stage.database.transaction() as tx:
        tx.execute(sa.delete(tables.admissions).where(tables.admissions.c.admission_id == "adm_1"))
    with stage.database.reading() as connection:
        assert check(connection) == ["con_1: 5 admissions were said, and the facts give 4."]


def test_the_rehearsal_of_a_known_edition_does_not_learn_from_itself(stage: Stage) -> None:
    """Whatever the conference is called, and wherever its dates are moved to."""
    known = next(edition for edition in references.built_in() if edition.name == "d21")
    registered = {DOORS.date() - timedelta(days=day.before): day.registered for day in known.days if day.before > 30}
    learned = references.without_itself(references.built_in(), ["rehearsal"], [], registered, DOORS.date())
    assert "d21" not in {edition.name for edition in learned}
    assert len(learned) == len(references.built_in()) - 1
    by_name = references.without_itself(references.built_in(), ["D-21"], ["gp21"], {}, DOORS.date())
    assert {edition.name for edition in by_name} == {"d19", "mse21", "np21", "srm22"}


def test_an_admission_that_is_issued_again_is_not_counted_again(stage: Stage) -> None:
    stage.say(opened())
    stage.sell(1)
    stage.say(issued(1, stage.now, admission_id="adm_1", order_id="ord_1"))
    assert stage.headcount().admissions == 1
