"""A town on each stack, and one whose servers a test may hurt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.town import Town
from tests.fixtures.servers import Stack
from tests.fixtures.smtp import MailServer, mail_server

__all__ = ["mail_server", "town"]


@pytest.fixture
def town(stack: Stack, tmp_path: Path, mail_server: MailServer) -> Iterator[Town]:
    built = Town(stack, tmp_path, mail_server)
    try:
        yield built
    finally:
        built.close()
