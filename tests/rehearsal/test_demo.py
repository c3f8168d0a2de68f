"""The demo of a first start: on sale with three early birds left, and gone without a trace when it is removed."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from infra.demo import play_demo, remove_demo
from infra.demo.history import write_history
from infra.front_door import FrontDoor
from infra.rehearsal.buyers import Shop
from infra.rehearsal.cast import Attendee
from infra.rehearsal.stage import Stage
from infra.services import prepare, services
from services.catering.facts import list_conferences
from services.sponsor_invoice import tables as finance
from services.ticket.handlers import open_conference
from services.ticket.store import conferences
from shared.clock import SimulatedClock, SystemClock
from shared.database import Database
from shared.ids import RandomIds
from shared.log import open_log
from shared.rebuild import rebuild
from shared.runtime import Runtime
from shared.verify import broken, missed

SLUG = "stagecraft"
NAMES_NOBODY = {"asks", "webhooks", "bank_confirmed"}
"""Keyed digests of who asked for reminders today, the ids of Stripe's events, how far an account is confirmed: no conference's."""


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation that was started for the first time."""
    home = tmp_path_factory.mktemp("demo")
    runtime = Runtime.from_environment({"STAGEDOOR_HOME": str(home)})
    prepare(runtime)
    play_demo(runtime)
    runtime.close()
    return home


@pytest.fixture
def installation(first_start: Path, tmp_path: Path) -> Any:
    """A copy of it, for one test."""
    home = tmp_path / "var"
    shutil.copytree(first_start, home)
    runtime = Runtime.from_environment({"STAGEDOOR_HOME": str(home)})
    yield runtime
    runtime.close()


def database(runtime: Runtime, name: str) -> Database:
    return runtime.database(next(service for service in services() if service.name == name))


def rows(runtime: Runtime, name: str, table: str) -> int:
    source = database(runtime, name)
    with source.reading() as connection:
        return int(
            connection.execute(sa.select(sa.func.count()).select_from(source.metadata.tables[table])).scalar_one()
        )


def stage_of(runtime: Runtime) -> Stage:
    """The workers of the installation, at the present moment."""
    settings = replace(runtime.settings, smtp_url="")
    clock = SimulatedClock(SystemClock().now())
    return Stage(settings, open_log(settings.log_at), clock, RandomIds(), stripe_data=f"{settings.home}/stripe.db")


def test_the_demo_is_on_sale_with_three_early_birds_left_and_says_what_it_is(installation: Runtime) -> None:
    from werkzeug.test import Client

    browser = Client(FrontDoor(installation))
    shown = browser.get(f"/api/v1/conferences/{SLUG}").get_json()

    assert shown["is_demo"] is True
    early_bird, *later = shown["admission_types"][0]["tiers"]
    assert (early_bird["state"], early_bird["left"]) == ("open", 3)
    assert all(tier["state"] == "later" for tier in later)
    page = browser.get(f"/{SLUG}/").text
    assert "DEMO" in page


def test_one_sponsor_has_paid_and_a_reminder_waits_for_another(installation: Runtime) -> None:
    with database(installation, "sponsor_invoice").reading() as connection:
        waiting = connection.execute(sa.select(finance.reminders.c.stage, finance.reminders.c.state)).all()
        paid = connection.execute(sa.select(sa.func.count()).select_from(finance.payments)).scalar_one()

    assert [tuple(row) for row in waiting] == [(1, "prepared")]
    assert paid == 1


def test_vouchers_were_used_and_mails_can_be_read_in_the_browser(installation: Runtime) -> None:
    with database(installation, "ticket").reading() as connection:
        tables = database(installation, "ticket").metadata.tables
        used = connection.execute(sa.select(sa.func.sum(tables["voucher_codes"].c.used))).scalar_one()

    assert used == 3
    assert rows(installation, "notification", "letters") > 40
    assert rows(installation, "notification", "consents") == 8


def test_everything_about_it_was_heard_and_agrees(installation: Runtime) -> None:
    declared = services()
    databases = {service.name: installation.database(service) for service in declared}

    assert missed(declared, databases, installation.clock.now(), timedelta(0)) == []
    assert [each for service in declared for each in broken(service, databases[service.name])] == []


def test_a_second_call_makes_no_second_demo(installation: Runtime) -> None:
    before = rows(installation, "ticket", "orders")

    play_demo(installation)

    assert rows(installation, "ticket", "orders") == before
    assert rows(installation, "ticket", "conferences") == 1


def test_a_demo_that_is_removed_leaves_nothing_but_what_the_topics_say(installation: Runtime) -> None:
    assert "is gone" in remove_demo(installation)

    for name in ("ticket", "sponsor_invoice", "notification", "catering"):
        service = _service(name)
        tables = database(installation, name).frame
        frame = {getattr(tables, each.name).name for each in fields(tables)}
        projected = {table.name for table in service.projection_tables}
        left = {
            table: count
            for table in service.metadata.tables
            if table not in frame | projected | NAMES_NOBODY and (count := rows(installation, name, table))
        }
        assert left == {}, name
    stage = stage_of(installation)
    try:
        stage.settle()
        assert stage.trouble() == []
        assert stage.browser().get("/api/v1/conferences").get_json()["items"] == []
        with stage.runtime.database(_service("catering")).reading() as connection:
            assert list_conferences(connection) == []
        for service in services():
            if service.projection_tables:
                assert rebuild(service, stage.runtime.database(service), stage.runtime.log).equal, service.name
    finally:
        stage.close()


def test_removing_it_again_changes_nothing(installation: Runtime) -> None:
    remove_demo(installation)

    assert remove_demo(installation) == "There is no demo conference here."


def test_a_real_conference_stays_when_the_demo_goes(installation: Runtime) -> None:
    now = SystemClock().now()
    plan = replace(write_history(now).scenery.plan, slug="real", name="Real", is_demo=False)
    stage = stage_of(installation)
    try:
        with stage.runtime.database(_service("ticket")).transaction() as tx:
            open_conference(tx, plan)
        stage.settle()
        shop = Shop(stage, "real")
        (basket,) = shop.order([Attendee("Ada Real", "ada@example.org")], "real-1")
        shop.visit(basket)
        shop.pay(basket)
        stage.settle()

        remove_demo(installation)
        stage.settle()

        assert [each["slug"] for each in stage.browser().get("/api/v1/conferences").get_json()["items"]] == ["real"]
        assert shop.status(basket) == "paid"
        assert rows(installation, "notification", "messages") == 2
        with stage.runtime.database(_service("ticket")).reading() as connection:
            assert [each.slug for each in conferences.list_conferences(connection)] == ["real"]
    finally:
        stage.close()


def _service(name: str) -> Any:
    return next(service for service in services() if service.name == name)
