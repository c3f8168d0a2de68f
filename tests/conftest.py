"""Fixtures that every test may use: the servers, the two stacks, Chromium and stripe-mock."""

from tests.fixtures.chromium import chromium
from tests.fixtures.servers import (
    embedded_log,
    fresh_database_urls,
    kafka_log,
    kafka_server,
    postgres_server,
    stack,
)
from tests.tools.stripe_mock import stripe_mock_url

__all__ = [
    "chromium",
    "embedded_log",
    "fresh_database_urls",
    "kafka_log",
    "kafka_server",
    "postgres_server",
    "stack",
    "stripe_mock_url",
]
