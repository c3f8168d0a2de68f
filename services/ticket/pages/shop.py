"""The shop: what a conference costs now and until when, the form, the texts behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, render_template, request, url_for

from services.ticket import views
from services.ticket.domain.conference import LEGAL_KINDS
from services.ticket.domain.errors import NotEnoughLeft, PriceChanged, VoucherUnknown
from services.ticket.domain.order import MOST_ATTENDEES
from services.ticket.domain.voucher import tidy_code
from services.ticket.handlers import place_order
from services.ticket.handlers.redeeming import count_guess, look_up
from services.ticket.pages.form import COUNTRIES, OrderForm
from services.ticket.store import conferences
from services.ticket.web import client, desk, go, remember_order
from shared.errors import NotFound, Refused
from shared.money import Money
from shared.web.i18n import gettext as _
from shared.web.i18n import language, money

Answer = Response | tuple[str, int] | str
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#a3122a" d="M3 1h10v14H3z"/>'
    '<path fill="#fbfaf6" d="M5 3h6v12H5z"/><path fill="#a3122a" d="M5 3l4 2v10H5z"/></svg>'
)
MINUTE = timedelta(minutes=1)
"""A tier that ends at midnight is on sale 'until 23:59'."""


def list_conferences() -> Answer:
    """Every conference on sale, with the price that is open."""
    with desk().context.database.reading() as connection:
        found = [each for each in conferences.list_conferences(connection) if each.called_off_at is None]
        shops = [views.shop_of(connection, each, desk().now) for each in found]
    return render_template("conferences.html", shops=shops, now=desk().now)


def show_icon() -> Response:
    """A door that stands open, for the browser's tab."""
    return Response(ICON, 200, {"Cache-Control": "public, max-age=86400"}, "image/svg+xml")


def show_shop(slug: str) -> Answer:
    with desk().context.database.reading() as connection:
        shop = views.shop(connection, slug, desk().now)
    count = request.args.get("people", "1")
    form = OrderForm.empty(shop, int(count) if count.isdigit() and len(count) < 4 else 1)
    return _page(form)


def order(slug: str) -> Answer:
    """One form, several buttons: add or remove a person, count anew, order."""
    with desk().context.database.reading() as connection:
        shop = views.shop(connection, slug, desk().now)
        form = OrderForm.typed(shop, request.form)
    _look_up_voucher(form)
    action = request.form.get("action", "order")
    if action == "add":
        form.add_person()
        return _page(form)
    if action.startswith("remove-") and action[7:].isdigit():
        form.remove_person(int(action[7:]))
        return _page(form)
    if action == "redeem":
        form.redeem()
    if action in ("update", "redeem"):
        return _page(form)
    return _place(slug, form)


def _place(slug: str, form: OrderForm) -> Answer:
    wish = form.wish()
    if wish is None:
        form.form.wrong("", _("Nothing is ordered yet: some fields need another look."))
        return _page(form), 422
    try:
        placed = place_order(desk().context.database, slug, wish)
    except PriceChanged as error:
        return _page(form, changed=_prices(error)), 409
    except NotEnoughLeft as error:
        form.form.wrong("", _not_enough(error))
        return _page(form), error.status
    except Refused as error:
        form.refused(error)
        return _page(form), error.status
    response = go(url_for("order_page", reference=placed.reference))
    return remember_order(response, placed.reference, placed.secret)


def show_legal(slug: str, kind: str) -> Answer:
    with desk().context.database.reading() as connection:
        shop = views.shop(connection, slug, desk().now)
    text = shop.legal_text(kind, language()) if kind in LEGAL_KINDS else None
    if text is None:
        raise NotFound("There is no such text here.")
    return render_template("legal.html", shop=shop, text=text, kind=kind)


def _look_up_voucher(form: OrderForm) -> None:
    """What the voucher in the form changes, so that the price is right before anything is ordered; else why it changes nothing."""
    code, conference = tidy_code(form.value("voucher")), form.shop.conference
    if not code:
        return
    try:
        with desk().context.database.reading() as connection:
            form.voucher = look_up(connection, conference.conference_id, code, desk().now, client())
    except VoucherUnknown as error:
        count_guess(desk().context.database, conference.slug, client(), code)
        form.form.wrong("voucher", _(str(error)))
    except Refused as error:
        form.form.wrong("voucher", _(str(error)))


def _prices(error: PriceChanged) -> dict[str, Money]:
    facts: dict[str, Any] = error.facts
    return {name: Money(facts[name]["amount"], facts[name]["currency"]) for name in ("expected", "total")}


def _not_enough(error: NotEnoughLeft) -> str:
    """With the next price, where there is one."""
    facts: dict[str, Any] = error.facts
    if not facts.get("price"):
        return _("Only %(left)s tickets are left: take fewer people.", left=facts["left"])
    sentence = _("Only %(left)s left at %(price)s.", left=facts["left"], price=money(facts["price"], short=True))
    if facts.get("next_price"):
        sentence += " " + _("The next price is %(price)s.", price=money(facts["next_price"], short=True))
    return sentence + " " + _("Take fewer people now, or order again for the others.")


def _page(form: OrderForm, changed: dict[str, Money] | None = None) -> str:
    return render_template(
        "shop.html",
        shop=form.shop,
        conference=form.shop.conference,
        order=form,
        changed=changed,
        country_options=[(code, code) for code in COUNTRIES],
        terms=url_for("legal", slug=form.shop.conference.slug, kind="terms"),
        conduct=url_for("legal", slug=form.shop.conference.slug, kind="code_of_conduct"),
        privacy=url_for("legal", slug=form.shop.conference.slug, kind="privacy"),
        minute=MINUTE,
        most=MOST_ATTENDEES,
        now=desk().now,
    )
