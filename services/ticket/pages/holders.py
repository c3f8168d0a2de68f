"""The page of one admission's holder, and what they do there: correct the name, pass it on, have it mailed again, download it.

Whoever opened its secret link in this browser may, and whoever opened the order's. Each change is a page of its own with one form.
"""

from __future__ import annotations

import segno
from flask import Response, render_template, request, url_for

from services.ticket.domain.order import Admission
from services.ticket.handlers import Holder, ask_for_links, correct_name, resend_ticket, transfer_admission
from services.ticket.keys import admission_link, by_secret, holder_link, of_browser, remember
from services.ticket.pages.orders import ticket_pdf
from services.ticket.store import conferences
from services.ticket.tickets import calendar_entry
from services.ticket.views import OrderView
from services.ticket.web import desk, go
from shared.errors import Conflict, Gone, TooMany
from shared.web.forms import Form
from shared.web.i18n import LANGUAGES, language
from shared.web.i18n import gettext as _

Answer = Response | tuple[str, int] | str


def show_ticket(admission_id: str) -> Answer:
    """By the secret link (which becomes a cookie and leaves the address), or by that cookie."""
    if key := request.args.get("key"):
        by_secret(admission_id, key)
        return remember(go(url_for("ticket", admission_id=admission_id)), admission_id, key)
    return _page(admission_id)


def show_name(admission_id: str) -> Answer:
    view, admission, is_buyer = of_browser(admission_id)
    person = view.attendee(admission)
    return _form("ticket/name.html", view, admission, Form({"name": person.name if person else ""}))


def save_name(admission_id: str) -> Answer:
    view, admission, is_buyer = of_browser(admission_id)
    form = Form(request.form)
    name = form.text("name")
    if not form.errors:
        try:
            with desk().context.database.transaction(_actor(is_buyer)) as tx:
                correct_name(tx, admission_id, name)
            return _done(admission_id, "name")
        except (Conflict, Gone) as error:
            form.wrong("", _(str(error)))
    return _form("ticket/name.html", view, admission, form), 422


def show_transfer(admission_id: str) -> Answer:
    view, admission, is_buyer = of_browser(admission_id)
    return _form("ticket/transfer.html", view, admission, Form({"locale": language()}))


def transfer(admission_id: str) -> Answer:
    """The browser of whoever passed it on loses the ticket; the buyer's order page keeps it."""
    view, admission, is_buyer = of_browser(admission_id)
    form = Form(request.form)
    to = Holder(form.text("name"), form.email("email"), form.choice("locale", LANGUAGES))
    if form.errors:
        return _form("ticket/transfer.html", view, admission, form), 422
    try:
        with desk().context.database.transaction(_actor(is_buyer)) as tx:
            transfer_admission(tx, admission_id, to)
    except (Conflict, TooMany) as error:
        form.wrong("", _(str(error)))
        return _form("ticket/transfer.html", view, admission, form), error.status
    if is_buyer:
        return _done(admission_id, "transfer")
    return render_template("ticket/passed_on.html", conference=view.conference, name=to.name)


def resend(admission_id: str) -> Answer:
    _view, _admission, is_buyer = of_browser(admission_id)
    try:
        with desk().context.database.transaction(_actor(is_buyer)) as tx:
            resend_ticket(tx, admission_id)
    except (Conflict, TooMany) as error:
        return _page(admission_id, problem=_(str(error))), error.status
    return _done(admission_id, "resend")


def download(admission_id: str) -> Answer:
    """As a PDF, for paper or, with `?format=phone`, for a phone."""
    view, admission, _is_buyer = _valid(admission_id)
    form = {"format": "phone"} if request.args.get("format") == "phone" else {}
    name = f"ticket-{view.order.reference}{'-phone' if form else ''}.pdf"
    return ticket_pdf({"admission_id": admission.admission_id, **form}, name)


def download_entry(admission_id: str) -> Answer:
    """The days of the conference for a calendar; the same address gives them as they are later."""
    view, admission, _is_buyer = of_browser(admission_id)
    is_void = not view.order.admits(admission)
    entry = calendar_entry(view, admission.attendee, holder_link(desk(), admission), desk().now, is_cancelled=is_void)
    return Response(entry, 200, {"Content-Disposition": 'attachment; filename="conference.ics"'}, "text/calendar")


def show_lost(slug: str) -> Answer:
    return _lost_page(slug, Form())


def find_lost(slug: str) -> Answer:
    """The same answer to every address, whether we know it or not."""
    form = Form(request.form)
    email = form.email("email")
    if form.errors:
        return _lost_page(slug, form), 422
    try:
        signer = desk().runtime.signer("ticket.asks")
        ask_for_links(desk().context.database, signer, slug, email, request.remote_addr or "")
    except TooMany as error:
        form.wrong("", _(str(error)))
        return _lost_page(slug, form), error.status
    return _lost_page(slug, Form(), asked=True)


def qr_picture(text: str) -> str:
    """As a picture in the page: black on white with the white around it that cameras need, in dark mode too."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True))


def _lost_page(slug: str, form: Form, asked: bool = False) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_slug(connection, slug)
    return render_template("ticket/lost.html", conference=conference, form=form, asked=asked)


def _page(admission_id: str, problem: str = "") -> str:
    view, admission, is_buyer = of_browser(admission_id)
    is_valid = view.order.admits(admission)
    return render_template(
        "ticket/ticket.html",
        view=view,
        order=view.order,
        admission=admission,
        person=view.attendee(admission),
        conference=view.conference,
        is_valid=is_valid,
        is_over=desk().now >= view.conference.ends_at,
        is_buyer=is_buyer,
        problem=problem,
        done=request.args.get("done", ""),
        qr=qr_picture(admission_link(desk(), admission)) if is_valid else "",
    )


def _form(template: str, view: OrderView, admission: Admission, form: Form) -> str:
    return render_template(
        template,
        form=form,
        view=view,
        admission=admission,
        person=view.attendee(admission),
        conference=view.conference,
    )


def _done(admission_id: str, what: str) -> Response:
    return go(url_for("ticket", admission_id=admission_id, done=what))


def _actor(is_buyer: bool) -> str:
    return "buyer" if is_buyer else "holder"


def _valid(admission_id: str) -> tuple[OrderView, Admission, bool]:
    view, admission, is_buyer = of_browser(admission_id)
    if not view.order.admits(admission):
        raise Gone(_("This ticket is not valid any more."))
    return view, admission, is_buyer
