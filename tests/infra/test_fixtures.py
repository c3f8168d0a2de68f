"""The fixtures that other tests stand on."""

from __future__ import annotations

import sqlalchemy

from shared.log import Message, open_log
from tests.fixtures.servers import SERVICES, Stack


def test_each_stack_has_a_log_and_databases_of_its_own(stack: Stack) -> None:
    log = open_log(stack.log_url, stack.prefix)
    log.create_topics(["ticketing.orders"])
    producer = log.producer("test")
    assert [place.offset for place in producer.send([Message("ticketing.orders", "ord_1", b"{}")])] == [0]
    producer.close()
    log.close()
    for service in SERVICES:
        assert tables_after_creating_one(stack.database_url.format(service=service)) == ["seats"]


def test_fresh_databases_are_empty(fresh_database_urls: str) -> None:
    assert tables_after_creating_one(fresh_database_urls.format(service="ticket")) == ["seats"]


def tables_after_creating_one(url: str) -> list[str]:
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE seats (number integer)"))
        return sqlalchemy.inspect(engine).get_table_names()
    finally:
        engine.dispose()
