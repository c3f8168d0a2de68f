"""Pages for finance: who pays by transfer, what came, what goes back, and who sells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, render_template, request, url_for

from services.ticket import seller_form
from services.ticket.csv_out import csv_answer
from services.ticket.handlers import finish_refund, mark_exported, name_payee, record_by_hand, record_staff_act
from services.ticket.postings import posting_rows
from services.ticket.sepa import pain_001
from services.ticket.store import conferences, documents, movements, sellers, transfers
from services.ticket.web import desk, go
from shared.errors import Conflict, InvalidInput, NotFound
from shared.money import Money, total
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import staff_only, the_staff

Answer = Response | tuple[str, int] | str


def install(app: Flask) -> None:
    finance = staff_only("finance")
    at = "/organise/<conference_id>"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (f"{at}/transfers", "transfers", "GET", finance(show_transfers)),
        (f"{at}/transfers", "record_transfer", "POST", finance(record)),
        (f"{at}/refunds", "transfer_refunds", "GET", finance(show_refunds)),
        (f"{at}/refunds.xml", "pain_001", "POST", finance(export)),
        (f"{at}/refunds/<refund_id>/payee", "refund_payee", "POST", finance(set_payee)),
        (f"{at}/refunds/<refund_id>/done", "refund_done", "POST", finance(set_done)),
        (f"{at}/postings.csv", "postings", "GET", finance(download_postings)),
        (f"{at}/seller", "seller", "GET", staff_only("organiser", "finance")(show_seller)),
        (f"{at}/seller", "save_seller", "POST", finance(save_seller)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method])


def show_transfers(conference_id: str) -> Answer:
    return _transfers_page(conference_id, Form({"reference": request.args.get("reference", "")[:40]}))


def record(conference_id: str) -> Answer:
    """A transfer that finance saw on the statement."""
    staff, form = the_staff(), Form(request.form)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    reference = form.text("reference", longest=40)
    amount = form.money("amount", conference.currency)
    booked_on = form.day("booked_on")
    payer, iban = form.text("payer", required=False), form.text("iban", required=False, longest=42)
    if form.errors or amount is None or booked_on is None:
        return _transfers_page(conference_id, form), 422
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            order = record_by_hand(tx, staff.id, conference_id, reference, amount, booked_on, payer, iban)
    except NotFound as error:
        form.wrong("reference", _(str(error)))
        return _transfers_page(conference_id, form), 422
    except InvalidInput as error:
        form.refused(error)
        return _transfers_page(conference_id, form), 422
    return go(url_for("transfers", conference_id=conference_id, recorded=order.reference))


def show_refunds(conference_id: str) -> Answer:
    return _refunds_page(conference_id)


def set_payee(conference_id: str, refund_id: str) -> Answer:
    staff, form = the_staff(), Form(request.form)
    payee, iban = form.text("payee"), form.text("iban", longest=42)
    if not form.errors:
        try:
            with desk().context.database.transaction(staff.actor) as tx:
                name_payee(tx, staff.id, conference_id, refund_id, payee, iban)
            return go(url_for("transfer_refunds", conference_id=conference_id))
        except (InvalidInput, Conflict) as error:
            form.wrong("iban", _(str(error)))
    return _refunds_page(conference_id, wrong=(refund_id, form)), 422


def set_done(conference_id: str, refund_id: str) -> Answer:
    """With the day on which the bank booked the debit."""
    staff, form = the_staff(), Form(request.form)
    booked_on = form.day("booked_on")
    if booked_on is not None:
        try:
            with desk().context.database.transaction(staff.actor) as tx:
                finish_refund(tx, staff.id, conference_id, refund_id, booked_on)
            return go(url_for("transfer_refunds", conference_id=conference_id))
        except (InvalidInput, Conflict) as error:
            form.wrong("booked_on", _(str(error)))
    return _refunds_page(conference_id, wrong=(refund_id, form)), 422


def export(conference_id: str) -> Answer:
    """Refunds that wait and whose account is known, as a file that a bank takes. Each stands in one file only."""
    staff = the_staff()
    with desk().context.database.transaction(staff.actor) as tx:
        sale = sellers.sale_of(tx.connection, conference_id)
        listed = transfers.refunds_of_conference(tx.connection, conference_id)
        ready = [
            (reference, each) for reference, each in listed if each.iban and not each.done_on and not each.exported_at
        ]
        if sale is None or not ready:
            raise Conflict(_("No refund waits for a file: name payee and account first."))
        file = pain_001(sale.seller, ready, tx.now, tx.ids.new("pmt", tx.now))
        mark_exported(tx, staff.id, conference_id, [each.refund_id for _, each in ready])
    disposition = f'attachment; filename="refunds-{desk().now:%Y-%m-%d}.xml"'
    return Response(file, 200, {"Content-Disposition": disposition}, "application/xml")


def download_postings(conference_id: str) -> Answer:
    """Every posting of the conference, for the tax adviser."""
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        rows = documents.postings_of(connection, conference_id)
        numbers = documents.numbers_by_order(connection, conference_id)
        at_stripe = movements.fees_and_payouts(connection, conference_id)
    return csv_answer(posting_rows(rows, numbers, at_stripe, conference.time_zone), f"postings-{conference.slug}.csv")


def show_seller(conference_id: str) -> Answer:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        sale = sellers.sale_of(connection, conference_id)
        others = sellers.list_sellers(connection)
    if sale is None and (asked := request.args.get("seller")):
        known = next((each for each in others if each.seller_id == asked), None)
        return _seller_page(conference_id, seller_form.filled(conference, None, known))
    return _seller_page(conference_id, seller_form.filled(conference, sale))


def save_seller(conference_id: str) -> Answer:
    staff, form = the_staff(), Form(request.form)
    with desk().context.database.reading() as connection:
        before = sellers.sale_of(connection, conference_id)
        known = sellers.list_sellers(connection)
    new_id = desk().runtime.ids.new("sel", desk().now)
    sale = seller_form.read(form, before, known, new_id)
    if sale is None:
        return _seller_page(conference_id, form), 422
    with desk().context.database.transaction(staff.actor) as tx:
        sellers.save_sale(tx, conference_id, sale)
        record_staff_act(tx, staff.id, "seller_saved", sale.seller.seller_id, conference_id)
    return go(url_for("seller", conference_id=conference_id, saved="yes"))


def _transfers_page(conference_id: str, form: Form) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        rows = transfers.find_open(connection, conference_id=conference_id)
        sale = sellers.sale_of(connection, conference_id)
    waiting = [row for row in rows if row.state == "placed"]
    missing = [Money(max(row.total - row.came, 0), row.currency) for row in waiting]
    return render_template(
        "organise/transfers.html",
        conference=conference,
        rows=rows,
        waiting=total(missing, conference.currency),
        count=len(waiting),
        form=form,
        sale=sale,
        recorded=request.args.get("recorded", "")[:20],
        money_of=Money,
        now=desk().now,
        here="tickets",
    )


def _refunds_page(conference_id: str, wrong: tuple[str, Form] | None = None) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        listed = transfers.refunds_of_conference(connection, conference_id)
    waiting = [each for _, each in listed if each.done_on is None]
    return render_template(
        "organise/refunds.html",
        conference=conference,
        listed=listed,
        waiting=total((each.amount for each in waiting), conference.currency),
        ready=sum(1 for each in waiting if each.iban and not each.exported_at),
        wrong=wrong,
        here="tickets",
    )


def _seller_page(conference_id: str, form: Form) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        sale = sellers.sale_of(connection, conference_id)
        others = sellers.list_sellers(connection) if sale is None else []
    return render_template(
        "organise/seller.html", conference=conference, form=form, sale=sale, others=others, here="tickets"
    )
