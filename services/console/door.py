"""The pages at the staff's door: join, sign in, renew, sign out."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, session

from services.console import accounts
from services.console.domain import account as rules
from shared.database import Database
from shared.errors import InvalidInput, TooMany, Unauthorized
from shared.identity import STAFF_TOKEN
from shared.runtime import Runtime
from shared.web import safe_next
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.security import get_cookie, set_cookie
from shared.web.staff import COOKIE, Staff, sign

SESSION = "staff-session"


def make_door(runtime: Runtime, database: Database) -> Blueprint:
    door = Blueprint("door", __name__, url_prefix="/staff")
    settings = runtime.settings

    def let_in(response: Response, staff: Staff) -> Response:
        token = sign(runtime.signer("staff"), staff, runtime.clock.now())
        set_cookie(response, settings, COOKIE, token, STAFF_TOKEN + rules.LONGEST)
        return response

    def welcome(staff: Staff, secret: str, target: str) -> Response:
        # What the browser held before signing in means nothing afterwards.
        session.clear()
        response = cast(Response, redirect(target, 303))
        set_cookie(response, settings, SESSION, secret, rules.LONGEST)
        return let_in(response, staff)

    def enter(email: str, password: str) -> tuple[Staff, str]:
        client = request.remote_addr or ""
        return accounts.sign_in(database, email, password, client, settings.secret.encode())

    @door.get("/sign-in")
    def sign_in() -> str:
        return render_template("sign_in.html", form=Form(), next=safe_next(request.args.get("next"), "/staff"))

    @door.post("/sign-in")
    def signed_in() -> Response | tuple[str, int]:
        form, target = Form(request.form), safe_next(request.form.get("next"), "/staff")
        email, password = form.email("email"), form.values.get("password", "")
        status = 422
        if not form.errors:
            try:
                return welcome(*enter(email, password), target)
            except (Unauthorized, TooMany) as error:
                form.wrong("", str(error))
                status = error.status
        return render_template("sign_in.html", form=form, next=target), status

    @door.route("/renew", methods=["GET", "POST"])
    def renew() -> Response:
        """A new token while the session stands; a form that was on its way is sent on as it was."""
        target = safe_next(request.args.get("next"), "/staff")
        # A page that renews itself is nobody at work: it does not keep a session from getting idle.
        by_itself = "HX-Request" in request.headers
        staff = accounts.renew(database, get_cookie(settings, SESSION), touch=not by_itself)
        if staff is not None:
            return let_in(cast(Response, redirect(target, 307)), staff)
        to_sign_in = f"/staff/sign-in?{urlencode({'next': target})}"
        response = cast(Response, redirect(to_sign_in, 303))
        if by_itself:
            response = Response("", 401, {"HX-Redirect": to_sign_in})
        for name in (COOKIE, SESSION):
            set_cookie(response, settings, name, "")
        return response

    @door.post("/sign-out")
    def sign_out() -> Response:
        accounts.sign_out(database, get_cookie(settings, SESSION))
        session.clear()
        g.staff = None
        response = make_response(render_template("signed_out.html"))
        for name in (COOKIE, SESSION):
            set_cookie(response, settings, name, "")
        return response

    @door.get("/join/<secret>")
    def join(secret: str) -> str:
        accounts.invitation(database, secret)
        return render_template("join.html", form=Form())

    @door.post("/join/<secret>")
    def joined(secret: str) -> Response | tuple[str, int]:
        form = Form(request.form)
        name, email = form.text("name"), form.email("email")
        password = form.values.get("password", "")
        if password != form.values.get("again", ""):
            form.wrong("again", _("The two are not the same."))
        if not form.errors:
            try:
                accounts.join(database, secret, name, email, password)
            except InvalidInput as error:
                form.refused(error)
            else:
                return welcome(*enter(email, password), "/staff")
        return render_template("join.html", form=form), 422

    return door
