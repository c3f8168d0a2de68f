"""Fixtures that every test may use: the servers and the two stacks."""

from tests.fixtures.servers import (
    embedded_log,
    fresh_database_urls,
    kafka_log,
    kafka_server,
    postgres_server,
    stack,
)

__all__ = ["embedded_log", "fresh_database_urls", "kafka_log", "kafka_server", "postgres_server", "stack"]
