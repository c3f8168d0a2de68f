"""Who of the staff is at the door of a page: a short-lived token that the console signs and every service can read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, ParamSpec, TypeVar, cast
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, redirect, request

from shared.errors import Forbidden, Unauthorized
from shared.identity import STAFF_TOKEN, Signer
from shared.logs import get_logger
from shared.runtime import Runtime
from shared.web.i18n import gettext as _
from shared.web.security import get_cookie

Role = Literal["organiser", "finance", "check_in"]
ROLES: tuple[Role, ...] = ("organiser", "finance", "check_in")
EVERYWHERE = "*"
COOKIE = "staff"
logger = get_logger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Staff:
    """A member of staff for the next minutes. `roles` by conference id, `*` for all conferences."""

    id: str
    roles: Mapping[str, Sequence[str]]

    @property
    def actor(self) -> str:
        """Who did it, for transactions and the audit trail."""
        return f"console:{self.id}"

    def may(self, *roles: Role, conference_id: str = "") -> bool:
        """Whether one of these roles is held for the conference; without one, for any."""
        places = self.roles if not conference_id else (EVERYWHERE, conference_id)
        return any(role in self.roles.get(place, ()) for place in places for role in roles)


def sign(signer: Signer, staff: Staff, now: datetime) -> str:
    """The token that the console puts into the cookie."""
    return signer.sign(
        {"id": staff.id, "roles": {place: list(r) for place, r in staff.roles.items()}}, now + STAFF_TOKEN
    )


def current_staff() -> Staff | None:
    """The member of staff who asks, None for everybody else and when the token's time is over."""
    if "staff" not in g:
        runtime = cast(Runtime, current_app.extensions["stagedoor"])
        g.staff, g.staff_expired = None, False
        token = get_cookie(runtime.settings, COOKIE)
        if token:
            try:
                claims = runtime.signer("staff").verify(token, runtime.clock.now())
            except Unauthorized as error:
                g.staff_expired = bool(error.facts.get("expired"))
            else:
                g.staff = Staff(claims["id"], claims["roles"])
    return cast("Staff | None", g.staff)


def the_staff() -> Staff:
    """The member of staff who asks, inside a view that is `staff_only`."""
    staff = current_staff()
    if staff is None:
        raise Unauthorized(_("Please sign in first."))
    return staff


def require(conference_id: str, *roles: Role) -> Staff:
    """The member of staff who asks. Raises `Forbidden`, and logs it, where none of the roles is theirs for this conference."""
    staff = the_staff()
    if not staff.may(*roles, conference_id=conference_id):
        rule = request.url_rule.rule if request.url_rule else ""
        logger.warning("access_denied", staff=staff.id, route=rule, conference=conference_id, needs=list(roles))
        raise Forbidden(_("Your roles do not reach this page: ask an organiser to extend them."), roles=list(roles))
    return staff


def staff_only(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """A view for staff with one of these roles; without roles, for all staff.

    Where the view's address has a `conference_id`, the role must be held for it; where the conference is known otherwise, the view
    calls `require(conference_id, ...)`. Who is not signed in is sent to sign in, and back; a form sent with a token whose time is
    over is renewed and sent on as it was.
    """

    def wrap(view: Callable[P, R]) -> Callable[P, R | Response]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            if current_staff() is None:
                return _to_the_door()
            if roles:
                require(str((request.view_args or {}).get("conference_id", "")), *roles)
            return view(*args, **kwargs)

        return guarded

    return wrap


def _to_the_door() -> Response:
    if request.path.startswith("/api/"):
        raise Unauthorized(_("Please sign in first."))
    here = urlencode({"next": request.full_path.rstrip("?")})
    if g.staff_expired:
        return cast(Response, redirect(f"/staff/renew?{here}", 302 if request.method == "GET" else 307))
    if request.method != "GET":
        raise Unauthorized(_("Please sign in, then send this once more: nothing was changed."))
    if request.headers.get("HX-Request"):
        return Response("", 401, {"HX-Redirect": f"/staff/sign-in?{here}"})
    return cast(Response, redirect(f"/staff/sign-in?{here}"))


def install(app: Flask) -> None:
    """Templates know who asks as `current_staff()`; what staff see is kept in no cache."""

    def not_kept(response: Response) -> Response:
        if g.get("staff") is not None:
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(not_kept)
    functions: dict[str, Any] = {"current_staff": current_staff}
    app.jinja_env.globals.update(functions)
