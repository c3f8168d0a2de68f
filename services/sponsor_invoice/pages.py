"""Pages for finance, each with one question: 'Who owes us what?', 'What must go out this week?', and one sponsorship."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy import Connection, Row

from services.sponsor_invoice import handlers, store, views
from services.sponsor_invoice import owed as owed_store
from services.sponsor_invoice import tables as t
from services.sponsor_invoice.domain.aging import aging
from services.sponsor_invoice.entry import VIEWERS, Page, add_routes
from services.sponsor_invoice.forms import refuse
from shared.database import Database
from shared.errors import Conflict, InvalidInput, Unavailable
from shared.money import Money, total
from shared.runtime import Runtime
from shared.web import charts
from shared.web.charts import Part, Tone
from shared.web.forms import Form
from shared.web.i18n import N_, money, typed
from shared.web.i18n import gettext as _
from shared.web.staff import Role, require, staff_only, the_staff

BUCKET_NAMES = {
    "not_due": N_("not due yet"),
    "1_30": N_("1 to 30 days late"),
    "31_60": N_("31 to 60 days late"),
    "61_90": N_("61 to 90 days late"),
    "over_90": N_("more than 90 days late"),
}
BUCKET_TONES: dict[str, Tone] = {
    "not_due": "faint",
    "1_30": "warn",
    "31_60": "accent",
    "61_90": "quiet",
    "over_90": "ink",
}
STATES = {
    "open": N_("open"),
    "paid": N_("paid"),
    "written_off": N_("written off"),
    "cancelled": N_("cancelled"),
}
REFUSALS = (
    N_("This package is sold out: offer another one, or raise its cap."),
    N_("Nothing of this invoice is open: there is nothing to write off."),
    N_("This invoice was cancelled already."),
    N_("This reminder does not wait any more: it went out, or the invoice was settled."),
    N_("They promised to pay: nothing goes out before that day."),
    N_("This invoice is settled: there is nothing left to promise."),
    N_("Choose today or a later day."),
    N_("Choose today or an earlier day."),
    N_("Enter what the bank booked."),
    N_("Say in a few words why."),
    N_("Another seller's invoices begin like this: choose another prefix."),
    N_("A package costs something, or is in kind."),
    N_("This conference is not known here (yet): it must be open in the ticket service."),
    N_("There is no such sponsorship."),
    N_("There is no such invoice."),
    N_("This is no IBAN: its check digits do not hold. Please compare it with the bank's."),
)


def blueprint(runtime: Runtime, database: Database) -> Blueprint:
    """Routes under `/finance`."""
    pages = Blueprint("finance", __name__, url_prefix="/finance")
    add_routes(pages, runtime, database)

    def today(zone: ZoneInfo) -> date:
        return runtime.clock.now().astimezone(zone).date()

    def visible(connection: Connection, *roles: Role) -> list[Row[Any]]:
        staff = the_staff()
        known = views.conferences(connection)
        return [each for each in known if staff.may(*roles, conference_id=each.conference_id)]

    @pages.get("/")
    @pages.get("", strict_slashes=False)
    @staff_only(*VIEWERS)
    def home() -> Page | Response:
        with database.reading() as connection:
            known = visible(connection, *VIEWERS)
            sellers = store.list_sellers(connection)
        if len(known) == 1 and sellers and "all" not in request.args:
            return redirect(f"/finance/conferences/{known[0].conference_id}")
        return render_template("finance/home.html", conferences=known, sellers=sellers, here="sponsors")

    @pages.get("/conferences/<conference_id>")
    @staff_only(*VIEWERS)
    def owes(conference_id: str) -> str:
        with database.reading() as connection:
            conference = store.conference(connection, conference_id)
            now_on = today(store.zone(conference))
            debts = views.debts(connection, conference_id, now_on)
            waiting = [s for s in views.steps(connection, [conference_id], {conference_id: now_on}) if s.waits_for]
            cash = views.ticket_cash(connection, conference_id, conference.currency)
        currency = conference.currency
        standing = [debt for debt in debts if debt.state != "cancelled"]
        buckets = aging(((debt.due_on, debt.open) for debt in debts if debt.open), now_on, currency)
        parts = [
            Part(_("paid"), sum(debt.paid.amount for debt in standing), "good"),
            *(Part(_(BUCKET_NAMES[name]), amount.amount, BUCKET_TONES[name]) for name, amount in buckets.items()),
        ]
        return render_template(
            "finance/owes.html",
            conference=conference,
            debts=sorted(debts, key=lambda debt: (debt.state != "open", debt.due_on, debt.number)),
            waiting=len(waiting),
            owed=total((debt.open for debt in debts), currency),
            overdue=total((debt.open for debt in debts if debt.days_overdue), currency),
            invoiced=total((debt.total for debt in standing), currency),
            paid=total((debt.paid for debt in debts), currency),
            bar=charts.stacked(parts),
            figures=[money(Money(part.value, currency)) for part in parts if part.value],
            states=STATES,
            cash=cash,
            here="sponsors",
        )

    @pages.get("/week")
    @staff_only(*VIEWERS)
    def week(form: Form | None = None) -> str:
        with database.reading() as connection:
            known = {each.conference_id: each for each in visible(connection, *VIEWERS)}
            now_on = {id: today(store.zone(each)) for id, each in known.items()}
            steps = views.steps(connection, list(known), now_on)
            accounts = [
                (seller, owed_store.bank_until(connection, seller.account_id))
                for seller in store.list_sellers(connection)
            ]
        return render_template(
            "finance/week.html",
            waiting=[step for step in steps if step.waits_for],
            coming=[step for step in steps if not step.waits_for],
            conferences=known,
            accounts=accounts,
            form=form or Form(),
            may_send=the_staff().may("finance"),
            here="sponsors",
        )

    @pages.post("/bank")
    @staff_only("finance")
    def bank() -> Page | Response:
        form = Form(request.form)
        until, account_id = form.day("until"), form.text("account_id")
        if until and not form.errors:
            try:
                with database.transaction(the_staff().actor) as tx:
                    # The seller keeps its books in the country where it sits: its day is the one of the bank.
                    latest = max(
                        (today(store.zone(each)) for each in views.conferences(tx.connection)), default=tx.now.date()
                    )
                    handlers.confirm_bank(tx, account_id=account_id, until=until, today=latest)
                return redirect("/finance/week")
            except InvalidInput as error:
                refuse(form, error)
        shown: Any = week(form)
        return shown, 422

    @pages.get("/sponsorships/<sponsorship_id>")
    @staff_only(*VIEWERS)
    def sponsorship(sponsorship_id: str, form: Form | None = None, opened: str = "") -> str:
        with database.reading() as connection:
            held, row = store.load_sponsorship(connection, sponsorship_id)
            require(held.conference_id, *VIEWERS)
            conference = store.conference(connection, held.conference_id)
            now_on = today(store.zone(conference))
            invoices = views.debts_of(connection, sponsorship_id, now_on)
            ids = [invoice.invoice_id for invoice in invoices]
            history = {
                "payments": views.of_invoices(connection, t.payments, ids, t.payments.c.recorded_at),
                "reminders": views.of_invoices(connection, t.reminders, ids, t.reminders.c.stage),
                "promises": views.of_invoices(connection, t.promises, ids, t.promises.c.recorded_at),
                "corrections": views.corrections(connection, sponsorship_id),
            }
            used = views.vouchers_used(connection, [benefit.id for benefit in held.benefits])
            contact = store.load_people(connection, [row.contact_id]).get(row.contact_id)
        standing = next((invoice for invoice in invoices if invoice.state != "cancelled"), None)
        now = runtime.clock.now()
        begin = {
            "payment_id": runtime.ids.new("pay", now),
            "promise_id": runtime.ids.new("prm", now),
            "correction_id": runtime.ids.new("inv", now),
            "amount": typed(standing.open) if standing else "",
            "booked_on": now_on,
        }
        return render_template(
            "finance/sponsorship.html",
            held=held,
            order_number=row.order_number,
            conference=conference,
            invoices=invoices,
            standing=standing,
            history=history,
            numbers={invoice.invoice_id: invoice.number for invoice in invoices},
            used=used,
            contact=contact,
            form=form or Form(begin),
            empty=Form(begin),
            opened=opened,
            states=STATES,
            may_act=the_staff().may("finance", conference_id=held.conference_id),
            here="sponsors",
        )

    def acted(invoice_id: str, name: str, form: Form, act: Any) -> Page | Response:
        """Do what a form on the sponsorship's page asks; show the page again, with its contents, when it is refused."""
        with database.reading() as connection:
            row = owed_store.invoice_row(connection, invoice_id)
        require(row.conference_id, "finance")
        status = 422
        if not form.errors:
            try:
                with database.transaction(the_staff().actor) as tx:
                    act(tx)
                return redirect(f"/finance/sponsorships/{row.sponsorship_id}")
            except (InvalidInput, Conflict) as error:
                refuse(form, error)
                status = error.status
        shown: Any = sponsorship(row.sponsorship_id, form=form, opened=name)
        return shown, status

    def given(form: Form, field: str, prefix: str) -> str:
        id = form.values.get(field, "")
        return id if re.fullmatch(rf"{prefix}_[0-9a-f]{{32}}", id) else runtime.ids.new(prefix, runtime.clock.now())

    @pages.post("/invoices/<invoice_id>/payments")
    @staff_only("finance")
    def record_payment(invoice_id: str) -> Page | Response:
        form = Form(request.form)
        with database.reading() as connection:
            currency = owed_store.invoice_row(connection, invoice_id).currency
        amount, booked_on = form.money("amount", currency) or Money(0, currency), form.day("booked_on") or date.max
        payment_id = given(form, "payment_id", "pay")
        return acted(
            invoice_id,
            "payment",
            form,
            lambda tx: handlers.record_payment(
                tx,
                payment_id=payment_id,
                invoice_id=invoice_id,
                amount=amount,
                booked_on=booked_on,
            ),
        )

    @pages.post("/invoices/<invoice_id>/promises")
    @staff_only("finance")
    def promise(invoice_id: str) -> Page | Response:
        form = Form(request.form)
        until = form.day("until") or date.min
        promise_id = given(form, "promise_id", "prm")
        return acted(
            invoice_id,
            "promise",
            form,
            lambda tx: handlers.promise(tx, promise_id=promise_id, invoice_id=invoice_id, until=until),
        )

    @pages.post("/invoices/<invoice_id>/loss")
    @staff_only("finance")
    def write_off(invoice_id: str) -> Page | Response:
        return acted(invoice_id, "loss", Form(request.form), lambda tx: handlers.write_off(tx, invoice_id=invoice_id))

    @pages.post("/invoices/<invoice_id>/cancellation")
    @staff_only("finance")
    def cancel(invoice_id: str) -> Page | Response:
        form = Form(request.form)
        reason, chosen = form.text("reason", longest=300), form.choice("then", ["end", "reissue"])
        then: Literal["end", "reissue"] = "end" if chosen == "end" else "reissue"
        correction_id = given(form, "correction_id", "inv")
        return acted(
            invoice_id,
            "cancellation",
            form,
            lambda tx: handlers.cancel_invoice(
                tx,
                invoice_id=invoice_id,
                correction_id=correction_id,
                reason=reason,
                then=then,
            ),
        )

    @pages.post("/invoices/<invoice_id>/reminders/<int:stage>")
    @staff_only("finance")
    def send_now(invoice_id: str, stage: int) -> Page | Response:
        with database.reading() as connection:
            row = owed_store.invoice_row(connection, invoice_id)
        require(row.conference_id, "finance")
        with database.transaction(the_staff().actor) as tx:
            handlers.release_reminder(tx, invoice_id=invoice_id, stage=stage)
        return redirect("/finance/week")

    @pages.get("/invoices/<invoice_id>.pdf")
    @staff_only(*VIEWERS)
    def sheet(invoice_id: str) -> Response:
        with database.reading() as connection:
            row = owed_store.invoice_row(connection, invoice_id)
            require(row.conference_id, *VIEWERS)
            content = views.document(connection, invoice_id)
        if content is None:
            raise Unavailable("This sheet is being set.")
        headers = {"Content-Disposition": f'inline; filename="{row.number}.pdf"'}
        return Response(content, mimetype="application/pdf", headers=headers)

    return pages
