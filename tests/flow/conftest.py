"""A house for each test, once on each stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.servers import Stack
from tests.flow.house import House, build


@pytest.fixture
def house(stack: Stack, tmp_path: Path) -> Iterator[House]:
    built = build(stack, tmp_path)
    yield built
    built.close()
