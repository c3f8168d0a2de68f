"""The console on both stacks: what is said there is seen, and a rebuild gives the same."""

from __future__ import annotations

from pathlib import Path

from services.console.app import SERVICE
from shared.database.migrate import differences
from shared.rebuild import rebuild
from tests.console.stage import Stage, a_conference_under_way, post
from tests.fixtures.servers import Stack


def test_the_overview_is_the_same_on_both_stacks(stack: Stack, tmp_path: Path) -> None:
    settings = {
        "STAGEDOOR_LOG_URL": stack.log_url,
        "STAGEDOOR_DATABASE_URL": stack.database_url,
        "STAGEDOOR_TOPIC_PREFIX": stack.prefix,
    }
    stage = Stage(tmp_path, **settings)
    try:
        client = stage.organiser()
        a_conference_under_way(stage)
        page = client.get("/staff").text
        for words in ("between 398 and 429", "159 tickets are out now", "€6,500", "€61,340.00", "119 / 120", "301"):
            assert words in page
        assert post(client, "/staff/tokens", "/staff/tokens", name="our website").status_code == 200
        stage.settle()
        assert "made an API token" in client.get("/staff/audit").text
        assert differences(stage.database) == []
        assert rebuild(SERVICE, stage.database, stage.runtime.log).equal
    finally:
        stage.close()
