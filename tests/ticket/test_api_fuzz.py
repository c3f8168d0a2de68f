"""The interface against its own description: what Schemathesis makes up is answered as described, and never by a 500."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.ticket.stage import Stage

OPERATIONS = (
    ("GET", "/api/v1/conferences"),
    ("GET", "/api/v1/conferences/{slug}"),
    ("POST", "/api/v1/conferences/{slug}/orders"),
    ("GET", "/api/v1/orders/{reference}"),
    ("POST", "/api/v1/orders/{reference}/cancellation"),
    ("GET", "/api/v1/admissions/{admission_id}"),
    ("PATCH", "/api/v1/admissions/{admission_id}"),
    ("POST", "/api/v1/admissions/{admission_id}/transfer"),
    ("POST", "/api/v1/admissions/{admission_id}/resend"),
    ("GET", "/api/v1/admissions/{admission_id}/data"),
)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_the_description_allows_is_answered_as_described(stage: Stage, method: str, path: str) -> None:
    described: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", stage.app)

    @given(case=described[path][method].as_strategy())
    @settings(max_examples=20, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def answered(case: Any) -> None:
        case.call_and_validate()

    answered()
