"""A whole conference from a small file, on both stacks: the same line, and nothing lost, doubled or oversold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.kafka.local import KafkaServer
from infra.postgres.local import PostgresServer
from infra.rehearsal.outcome import as_line
from infra.rehearsal.parts import make_settings
from infra.rehearsal.performance import Performance, perform
from infra.rehearsal.registrations import parse
from infra.rehearsal.scenery import DAYS_BEFORE
from infra.rehearsal.script import write_script
from services.ticket.domain.order import HOLD
from shared.log import open_log
from tests.fixtures.servers import fresh_databases, fresh_prefix

FILE = """date,registered,later_cancelled
2027-03-01,6,1
2027-03-12,5,0
2027-04-20,9,3
2027-05-02,10,0
2027-05-03,12,2
"""
SEED = 3
MAY_DIFFER = {"stack", "wall_seconds", "events_published"}
KEYS = [
    *("sold", "cancelled", "attending", "comp", "oversold", "tiers", "mails", "mails_doubled", "refunds"),
    *("waitlist_served", "checked_in", "invoices", "invoices_tickets", "headcount"),
    *("ledger_sum", "projections_equal_rebuild", "events_published", "events_missed", "stack", "wall_seconds"),
]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Performance:
    folder = tmp_path_factory.mktemp("rehearsal")
    settings = make_settings(folder, f"embedded://{folder}/log.db", f"sqlite:///{folder}/{{service}}.db", "r-")
    return perform(parse("small", FILE), SEED, settings, open_log(settings.log_at, settings.topic_prefix), "local")


@pytest.fixture
def cluster(kafka_server: KafkaServer, postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Performance]:
    with fresh_prefix(kafka_server) as prefix, fresh_databases(postgres_server) as template:
        settings = make_settings(tmp_path, f"kafka://{kafka_server.bootstrap}", template, prefix)
        yield perform(parse("small", FILE), SEED, settings, open_log(settings.log_at, settings.topic_prefix), "cluster")


def test_a_rehearsal_ends_with_the_sums_of_its_file_and_every_promise_kept(local: Performance) -> None:
    facts = json.loads(as_line(local.facts))

    assert list(facts) == KEYS
    assert (facts["sold"], facts["cancelled"], facts["attending"]) == (42, 6, 36)
    assert facts["comp"] > 0
    assert sum(tier["sold"] for tier in facts["tiers"]) == 42
    assert (facts["oversold"], facts["mails_doubled"], facts["ledger_sum"], facts["events_missed"]) == (0, 0, 0, 0)
    assert facts["projections_equal_rebuild"] is True
    assert facts["waitlist_served"] > 0
    assert 0 < facts["checked_in"] < facts["attending"] + facts["comp"], "not everybody comes"
    assert facts["invoices_tickets"] > 0
    assert facts["refunds"] > 0
    headcount = facts["headcount"]
    assert headcount["at_doors"] == facts["attending"] + facts["comp"]
    assert [each["days_before"] for each in headcount["forecasts"]] == list(DAYS_BEFORE)
    for each in headcount["forecasts"]:
        assert each["p05"] <= each["p25"] <= each["p50"] <= each["p75"] <= each["p95"]


def test_tiers_follow_one_another_without_a_gap(local: Performance) -> None:
    tiers = {tier["name"]: tier for tier in local.facts["tiers"]}

    assert tiers["Early bird"]["closed_at"] == tiers["Regular"]["opened_at"]
    assert tiers["Regular"]["closed_at"] == tiers["Last minute"]["opened_at"]
    assert tiers["Regular"]["reason"] == "date"


def test_who_pays_after_the_order_lapsed_comes_all_the_same(local: Performance) -> None:
    late = [order for order in write_script(parse("small", FILE), SEED).orders if order.manner == "pays_lapsed"]

    assert late and all(order.pays_after > HOLD for order in late)
    assert local.facts["sold"] == 42
    assert "refund" not in local.facts["mails"]


def test_two_of_six_sponsors_forget_to_pay_and_are_reminded(local: Performance) -> None:
    invoices = local.facts["invoices"]

    assert (invoices["issued"], invoices["paid"], invoices["uncollected"]) == (6, 4, 2)
    assert invoices["overdue_reminders"] == local.facts["mails"]["sponsor_reminder"] == 6


def test_everybody_gets_their_mail_once(local: Performance) -> None:
    mails = local.facts["mails"]

    assert mails["ticket"] == local.facts["sold"] + local.facts["comp"]
    assert mails["meal_order"] == 1
    assert mails["invoice"] == 6
    assert mails["consent_confirm"] == 14


def test_the_report_stands_alone(local: Performance) -> None:
    assert "<svg" in local.html
    assert "REHEARSAL" in local.html
    for outside in ("<script", "<link", "src=", "url("):
        assert outside not in local.html


def test_kafka_and_postgresql_come_to_the_same_line(local: Performance, cluster: Performance) -> None:
    def compared(performance: Performance) -> dict[str, object]:
        return {name: value for name, value in performance.facts.items() if name not in MAY_DIFFER}

    assert compared(cluster) == compared(local)
