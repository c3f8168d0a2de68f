"""Ask to be reminded, confirm it, take it back. Links in mails only open these pages; a button does it."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notification import asking, store
from services.notification.domain.consent import Consent, ConsentState
from services.notification.letters import CONFIRM, UNSUBSCRIBE
from services.notification.store import Conference
from shared.database import Database
from shared.errors import Gone, InvalidInput, NotFound
from shared.runtime import Runtime
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language


def install(app: Flask, runtime: Runtime, database: Database) -> None:
    """Add the pages; the unsubscribe link carries its own proof, so it needs no CSRF token (RFC 8058)."""
    routes = Blueprint("reminder", __name__, url_prefix="/mail")

    @routes.get("/remind")
    def ask() -> str:
        """`?conference=slug`: for who wants to be told before the price rises."""
        with database.reading() as connection:
            conference = store.find_conference(connection, request.args.get("conference", ""))
        if conference is None:
            raise NotFound(_("There is no such conference."))
        return render_template("mail/remind.html", conference=conference, form=Form(), narrow=True)

    @routes.post("/remind")
    def remind() -> AnyResponse | tuple[str, int]:
        """`conference_id` and `email`, from the shop or the page above. The answer is the same for everybody."""
        form = Form(request.form)
        conference = _conference(form.text("conference_id"))
        email = form.email("email")
        if not form.errors:
            try:
                asking.ask_for_reminder(
                    runtime,
                    database,
                    conference_id=conference.conference_id,
                    email=email,
                    locale=language(),
                    client=request.remote_addr or "",
                )
                return redirect(url_for("reminder.asked", conference=conference.slug), 303)
            except InvalidInput as error:
                form.wrong("email", _(str(error)))
        return render_template("mail/remind.html", conference=conference, form=form, narrow=True), 422

    @routes.get("/remind/sent")
    def asked() -> str:
        with database.reading() as connection:
            conference = store.find_conference(connection, request.args.get("conference", ""))
        if conference is None:
            abort(404)
        return render_template("mail/asked.html", conference=conference, narrow=True)

    @routes.get("/confirm/<token>")
    def confirm_page(token: str) -> str:
        consent, number = asking.look_up(runtime, database, CONFIRM, token)
        if consent.state is ConsentState.WITHDRAWN or number != consent.asks:
            raise Gone(_("This link is no longer good. Ask for the reminder again."))
        return _consent_page("mail/confirm.html", consent, token)

    @routes.post("/confirm/<token>")
    def confirm(token: str) -> AnyResponse:
        asking.confirm(runtime, database, token)
        return redirect(url_for("reminder.confirm_page", token=token), 303)

    @routes.get("/unsubscribe/<token>")
    def unsubscribe_page(token: str) -> str:
        return _consent_page("mail/unsubscribe.html", asking.look_up(runtime, database, UNSUBSCRIBE, token)[0], token)

    @routes.post("/unsubscribe/<token>")
    def unsubscribe(token: str) -> str:
        return _consent_page("mail/unsubscribe.html", asking.unsubscribe(runtime, database, token), token)

    def _consent_page(template: str, consent: Consent, token: str) -> str:
        with database.reading() as connection:
            conference = store.load_conference(connection, consent.conference_id)
        return render_template(template, conference=conference, state=consent.state.value, token=token, narrow=True)

    def _conference(conference_id: str) -> Conference:
        with database.reading() as connection:
            conference = store.load_conference(connection, conference_id)
        if conference is None:
            raise NotFound(_("There is no such conference."))
        return conference

    app.register_blueprint(routes)
    app.extensions["csrf"].exempt(unsubscribe)
