"""The stage on which tests of the ticket service play."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ticket.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    assert made.problems() == []
    made.close()
