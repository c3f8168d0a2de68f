"""Servers that go away and come back: nothing is parked, nobody is forgotten, everybody is mailed once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from infra.kafka.local import KafkaServer
from infra.postgres.local import PostgresServer
from shared.errors import Unavailable
from tests.chaos.town import SLUG, Town
from tests.fixtures.servers import SERVICES, Stack, open_directory, started
from tests.fixtures.smtp import MailServer
from tests.flow.house import House, build


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[KafkaServer, PostgresServer]]:
    """Kafka and PostgreSQL that this test may stop."""
    with open_directory("kafka") as kafka_home, open_directory("postgres") as postgres_home:
        kafka, postgres = KafkaServer(kafka_home), PostgresServer(postgres_home, careless=True)
        try:
            started(kafka)
            started(postgres)
            postgres.create_databases(SERVICES)
            yield kafka, postgres
        finally:
            kafka.stop()
            postgres.stop()


def test_kafka_and_postgresql_stopped_while_people_buy(
    servers: tuple[KafkaServer, PostgresServer], tmp_path: Path, mail_server: MailServer
) -> None:
    kafka, postgres = servers
    stack = Stack("cluster", f"kafka://{kafka.bootstrap}", postgres.tcp_url_template, "")
    town = Town(stack, tmp_path, mail_server)
    try:
        worker = town.start_worker()
        town.buy(2)
        town.settle()

        kafka.stop()
        town.buy(2)
        town.buy(1)
        town.wait_until(lambda: set(town.orders().values()) == {"paid"}, "orders are paid without Kafka")
        assert len(town.mailed()) == 3, "what happened while Kafka is away is not heard yet"
        kafka.start()
        town.settle()

        postgres.stop()
        refused = town.browser().get(f"/api/v1/conferences/{SLUG}")
        assert refused.status_code == 503
        assert refused.content_type == "application/problem+json"
        postgres.start()
        town.buy(1)
        town.settle()
        assert worker.poll() is None, "it outlived both"
        town.check()
    finally:
        town.close()


def test_a_mail_server_that_goes_away_mid_sale_mails_everybody_once_it_is_back(town: Town) -> None:
    worker = town.start_worker()
    town.mail.stop()
    town.buy(3)
    town.buy(1)
    town.wait_until(lambda: len(town.mailed()) == 6, "every mail is in the ledger")
    town.wait_until(lambda: any("send" in line for line in town.state()), "somebody tried to send")
    assert set(town.mailed().values()) == {"due"}
    town.mail.start()
    town.settle()
    assert worker.poll() is None
    town.check()


class Absent:
    """A mail server that does not answer until `back`."""

    keeps_attachments = False

    def __init__(self, house_sink: object) -> None:
        self.sink, self.back = house_sink, False

    def reach(self) -> None:
        if not self.back:
            raise Unavailable("The mail server is away.")

    def deliver(self, sender: str, recipient: str, mail: bytes) -> None:
        self.reach()
        self.sink.deliver(sender, recipient, mail)  # type: ignore[attr-defined]


def test_an_hour_without_a_mail_server_parks_nothing_and_forgets_nobody(stack: Stack, tmp_path: Path) -> None:
    house: House = build(stack, tmp_path)
    try:
        office = house.stage.workers["notification"].context
        absent = Absent(house.sink)
        object.__setattr__(office, "mailer", absent)
        house.buy(3)
        house.wait(minutes=40)
        house.buy(2)
        house.wait(minutes=20)
        assert house.mails() == []
        assert house.stage.trouble() == [part for part in house.stage.trouble() if "mail server" in part]
        assert {state for _, state in house.mailed()} == {"due"}
        absent.back = True
        house.stage.advance(timedelta(minutes=6))
        assert len(house.mails()) == 7
        assert {state for _, state in house.mailed()} == {"sent"}
        house.check()
        house.check()
    finally:
        house.close()
