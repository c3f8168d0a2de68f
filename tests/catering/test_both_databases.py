"""The whole of catering on SQLite and on PostgreSQL: what is SQL here must mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.catering import kitchen, store
from services.catering.app import SERVICE, create_app
from shared.database.migrate import differences
from shared.events.catering import HeadcountChanged, MealsAmended, MealsOrdered
from shared.rebuild import rebuild
from shared.web import staff as staffing
from shared.web.security import cookie_name
from tests.catering.stage import CONFERENCE, Stage, cancelled, closed, opened

DEADLINE = datetime(2027, 6, 7, 10, tzinfo=UTC)


@pytest.fixture
def either(fresh_database_urls: str, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path, fresh_database_urls)
    yield stage
    stage.cooking.close()
    stage.talking.close()
    stage.runtime.close()


def test_a_conference_from_its_opening_to_its_amended_order(either: Stage) -> None:
    stage = either
    assert differences(stage.database) == []
    stage.say(opened())
    stage.sell(60)
    stage.say(cancelled(5, stage.now), closed(stage.now))
    with stage.database.transaction(actor="console:stf_1") as tx:
        meal = store.list_meals(tx.connection, CONFERENCE)[0]
        kitchen.enter_extra_eaters(tx, meal.meal_id, 12, "crew")
        kitchen.name_caterer(tx, CONFERENCE, "Kantine", "k@example.org", "de")
        kitchen.import_edition(tx, "Mine 2026", "date,registered,later_cancelled\n2026-05-01,20,1\n2026-06-01,30,2\n")
    stage.pass_time(DEADLINE)
    (ordered,) = stage.said(MealsOrdered)
    with stage.database.transaction(actor="console:stf_1") as tx:
        kitchen.amend_order(tx, CONFERENCE, {meal.meal_id: 99}, "A bus more")
        assert kitchen.confirm_receipt(tx, ordered.order_id, 1)
        assert not kitchen.confirm_receipt(tx, ordered.order_id, 1)
    stage.settle()
    (amended,) = stage.said(MealsAmended)
    assert amended.number == 2
    counted = stage.said(HeadcountChanged)[-1]
    assert (counted.admissions, counted.meals[0].entitled, counted.meals[0].extra) == (59, 59, 12)
    assert rebuild(SERVICE, stage.database, stage.runtime.log).equal
    client = create_app(stage.runtime).test_client()
    token = staffing.sign(
        stage.runtime.signer("staff"), staffing.Staff("stf_1", {"*": ("organiser",)}), stage.runtime.clock.now()
    )
    client.set_cookie(cookie_name(stage.runtime.settings, staffing.COOKIE), token)
    for page in ("", "/order", "/caterer", "/learning", f"/meals/{meal.meal_id}"):
        assert client.get(f"/catering/conferences/{CONFERENCE}{page}").status_code == 200
