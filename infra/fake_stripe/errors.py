"""How Stripe says no: a status and {"error": {type, code, message, param}}."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer of Stripe's that is an error.

    `keeps` is whether an idempotency key remembers it: Stripe remembers what an endpoint answered once it ran, and
    forgets requests whose parameters it refused before.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keeps: bool = True,
        **more: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps = keeps
        self.body: dict[str, Any] = {"type": type, "message": message}
        if code is not None:
            self.body["code"] = code
        if param is not None:
            self.body["param"] = param
        self.body.update(more)


def bad_param(message: str, param: str, code: str | None = None) -> ApiError:
    """A parameter that Stripe refuses before anything ran."""
    return ApiError(message, code=code, param=param, keeps=False)


def no_such(kind: str, id: str, param: str = "id") -> ApiError:
    """404, or 400 where the id was a parameter and not the address."""
    return ApiError(
        f"No such {kind}: '{id}'", status=404 if param == "id" else 400, code="resource_missing", param=param
    )
