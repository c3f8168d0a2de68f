"""An order's documents: the receipt, invoices and what corrects them; and asking for an invoice afterwards."""

from __future__ import annotations

from flask import Response, render_template, request, url_for

from services.ticket import views
from services.ticket.handlers import ask_for_invoice
from services.ticket.pages.form import COUNTRIES, read_billing
from services.ticket.pages.orders import made_pdf
from services.ticket.store import documents
from services.ticket.web import desk, go, order_of_browser
from shared.errors import Conflict, InvalidInput, NotFound
from shared.web.forms import Form
from shared.web.i18n import gettext as _

Answer = Response | tuple[str, int] | str


def download_document(reference: str, document_id: str) -> Answer:
    """Raises `NotFound` for a document of another order."""
    order_id = order_of_browser(reference)
    with desk().context.database.reading() as connection:
        document = documents.load_document(connection, document_id)
    if document.order_id != order_id:
        raise NotFound("There is no such document.")
    return made_pdf("/documents", {"document_id": document_id}, f"{document.number}.pdf")


def download_receipt(reference: str) -> Answer:
    order_id = order_of_browser(reference)
    return made_pdf("/documents", {"receipt_of": order_id}, f"receipt-{reference.upper()}.pdf")


def show_form(reference: str) -> Answer:
    return _page(order_of_browser(reference))


def ask(reference: str) -> Answer:
    """Have an invoice written, or written anew to somebody else: what was issued is cancelled then."""
    order_id, form = order_of_browser(reference), Form(request.form)
    billing = read_billing(form, wants_invoice=True)
    if not form.errors:
        try:
            ask_for_invoice(desk().context.database, order_id, billing)
            return go(url_for("order_page", reference=reference))
        except (InvalidInput, Conflict) as error:
            fields = error.facts.get("errors")
            for name, sentences in fields.items() if isinstance(fields, dict) else [("", [str(error)])]:
                form.wrong(name, " ".join(_(each) for each in sentences))
    return _page(order_id, form), 422


def _page(order_id: str, form: Form | None = None) -> str:
    with desk().context.database.reading() as connection:
        view = views.order(connection, order_id)
    known = view.billing
    begun = Form(
        {
            "company": known.company,
            "address": "\n".join(known.address),
            "postcode": known.postcode,
            "city": known.city,
            "country": known.country,
            "vat_id": known.vat_id,
            "purchase_order": known.purchase_order,
        }
    )
    return render_template(
        "invoice_form.html",
        view=view,
        order=view.order,
        conference=view.conference,
        form=form or begun,
        country_options=[(code, code) for code in COUNTRIES],
    )
