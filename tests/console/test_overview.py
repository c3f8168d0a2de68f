"""The overview: what the topics alone say about a conference."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import services.console
from services.console import overview, reading
from services.console.app import SERVICE
from services.console.overview import Conference
from shared.database.migrate import differences
from shared.events import TOPICS
from shared.events.ticketing import ConferenceCalledOff, PaymentRefunded
from shared.rebuild import rebuild
from shared.web import i18n
from tests.console.stage import NOW, Stage, a_conference_under_way, cancelled, eur, issued, opened, paid


def look(stage: Stage) -> overview.Overview:
    with stage.database.reading() as connection:
        row = reading.conferences(connection)[0]
        return overview.make(connection, Conference.of(row), stage.runtime.clock.now(), with_money=True)


def test_the_console_hears_every_event_there_is() -> None:
    every = {cls for topic in TOPICS.values() for cls in topic.events.values()}
    assert SERVICE.projections.keys() == every
    assert set(SERVICE.consumes) == TOPICS.keys()


def test_the_tables_and_the_migration_agree(stage: Stage) -> None:
    assert differences(stage.database) == []


def test_every_text_has_its_german() -> None:
    assert i18n.missing(Path(services.console.__file__).parent) == []


def test_sold_by_tier_counts_what_stands(stage: Stage) -> None:
    stage.say("ticket", opened(), issued(1), issued(2), issued(3, tier="tie_2", price=29900), cancelled(2))
    stage.settle()
    tiers = look(stage).paying.tiers  # type: ignore[union-attr]
    assert [(tier.name, tier.sold, tier.money) for tier in tiers] == [
        ("Early bird", 1, eur(19900)),
        ("Regular", 1, eur(29900)),
        ("Last minute", 0, eur(0)),
    ]


def test_money_in_is_what_came_less_what_went_back(stage: Stage) -> None:
    def refund(number: int, amount: int, reason: str) -> PaymentRefunded:
        return PaymentRefunded(
            conference_id="con_1",
            order_id=f"ord_{number}",
            reference="R",
            payment_id=f"pay_{number}",
            amount=eur(amount),
            reason=reason,
            refunded_at=NOW,
            buyer="ticket:per_1",
        )

    stage.say("ticket", opened(), paid(1), paid(2), refund(2, 5000, "cancelled"), refund(3, 19900, "late"))
    stage.settle()
    paying = look(stage).paying
    assert paying is not None
    assert (paying.tickets, paying.refunded, paying.total) == (eur(39800), eur(-5000), eur(34800)), (
        "a late one never came in"
    )


def test_who_owes_what_is_sorted_by_how_late_it_is(stage: Stage) -> None:
    a_conference_under_way(stage)
    owing = look(stage).owing
    assert owing is not None
    assert owing.overdue == eur(650000) and owing.invoiced == eur(3800000)
    assert [(each.sponsor, each.days_late, each.stage) for each in owing.debtors] == [
        ("Example Search Ltd", 41, 2),
        ("Beispiel Suchmaschinen GmbH", 12, 0),
        ("Muster Speicher AG", -3, 0),
    ]
    assert [(bar.part.label, bar.part.value) for bar in owing.bars] == [
        ("paid", 2550000),
        ("not due", 600000),
        ("1 to 30 days late", 400000),
        ("31 to 60 days late", 250000),
    ]


def test_how_many_will_eat_is_the_forecast_and_the_plates(stage: Stage) -> None:
    a_conference_under_way(stage)
    eating = look(stage).eating
    assert (eating.admissions, eating.expected, eating.low, eating.high) == (159, 412, 398, 429)
    assert [(meal.name, meal.entitled, meal.extra, meal.plates) for meal in eating.meals] == [
        ("Monday lunch", 159, 12, 301),
        ("Meal", 159, 0, 265),
    ]
    assert eating.picture is not None and eating.picture.band and eating.picture.line


def test_what_must_go_out_names_what_is_late_first(stage: Stage) -> None:
    a_conference_under_way(stage)
    week = look(stage).week
    assert "2 sponsors have not paid" in week[0].what and week[0].urgent
    assert [item.what for item in week[1:]] == [
        "The invoice of Muster Speicher AG falls due",
        "1 order waits for its transfer",
        "Regular ends, the price rises",
    ], "what has a time stands in its order; the caterer's order is not due for months"
    stage.pass_time(timedelta(days=85))
    assert "The caterer's order goes out" in [item.what for item in look(stage).week]


def test_a_rebuild_gives_the_same_rows(stage: Stage) -> None:
    a_conference_under_way(stage)
    stage.say("ticket", ConferenceCalledOff(conference_id="con_1", reason="storm"))
    stage.settle()
    again = rebuild(SERVICE, stage.database, stage.runtime.log)
    assert again.equal and again.events > 300


def test_a_batch_that_comes_twice_changes_nothing(stage: Stage) -> None:
    a_conference_under_way(stage)
    before = look(stage)
    with stage.database.transaction() as tx:  # as if nothing had been remembered
        tx.execute(stage.database.frame.inbox.delete())
        tx.execute(stage.database.frame.positions.delete())
    stage.worker.consumer.close()
    stage.worker = type(stage.worker)(SERVICE, stage.runtime, None)
    stage.settle()
    assert look(stage) == before


def test_the_page_answers_four_questions(stage: Stage) -> None:
    client = stage.organiser()
    assert "Nothing is on sale yet" in client.get("/staff").text
    a_conference_under_way(stage)
    page = client.get("/staff").text
    for question in ("How many will eat?", "Who owes us what?", "What do they pay?", "What must go out this week?"):
        assert question in page
    assert "rises to €449 on Sat 6 Mar" in page and "sold out on 5 Feb" in page
    assert 'class="band"' in page and "DEMO" not in page
    german = client.get("/staff?lang=de").text
    assert "Wer schuldet uns was?" in german and "Frühbucher" in german


def test_htmx_gets_the_answers_only(stage: Stage) -> None:
    client = stage.organiser()
    a_conference_under_way(stage)
    part = client.get("/staff", headers={"HX-Request": "true"}).text
    assert "How many will eat?" in part and "<html" not in part


def test_the_conference_can_be_chosen(stage: Stage) -> None:
    client = stage.organiser()
    stage.say(
        "ticket", opened(), opened(conference_id="con_2", slug="next", name="Searchlight 2028", is_demo=True, tiers=())
    )
    stage.settle()
    page = client.get("/staff?conference=next").text
    assert "Searchlight 2028</h1>" in page and "DEMO" in page
    assert re.search(r'href="\?conference=searchlight-2027"', page)


def test_an_empty_conference_says_what_comes(stage: Stage) -> None:
    client = stage.organiser()
    stage.say("ticket", opened(tiers=()))
    stage.settle()
    page = client.get("/staff").text
    for words in ("Nobody holds a ticket yet", "No sponsor has been invoiced yet", "Nothing waits for you this week"):
        assert words in page


def test_after_doors_the_picture_ends(stage: Stage) -> None:
    a_conference_under_way(stage)
    stage.pass_time(timedelta(days=200))
    view = look(stage)
    assert view.eating.expected is None and view.eating.picture is not None and not view.eating.picture.band
    assert view.days_left < 0


def test_a_demo_that_was_taken_away_is_not_shown_and_a_conference_called_off_is(stage: Stage) -> None:
    client = stage.organiser()
    stage.say("ticket", opened(), opened(conference_id="con_2", slug="demo", name="A demo", is_demo=True, tiers=()))
    stage.say("ticket", *(ConferenceCalledOff(conference_id=each, reason="storm") for each in ("con_1", "con_2")))
    stage.settle()
    page = client.get("/staff?conference=demo").text
    assert "A demo" not in page and "Searchlight 2027" in page and "called off" in page
