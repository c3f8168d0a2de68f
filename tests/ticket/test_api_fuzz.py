"""The interface against its own description: what Schemathesis makes up is answered as described, and never by a 500."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.ticket.stage import Stage


@pytest.fixture
def described(stage: Stage) -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", stage.app)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=20, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_the_description_allows_is_answered_as_described(case: Any) -> None:
    case.call_and_validate()
