"""Pages on which finance enters things: the seller, packages, sponsors, what was signed. What was typed is kept when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import Connection
from stdnum.eu import vat as vat_ids
from werkzeug.wrappers import Response

from services.sponsor_invoice import handlers, store, views
from services.sponsor_invoice.domain.sponsorship import MAX_VOUCHERS, Package, PackageBenefit
from services.sponsor_invoice.domain.vat import EUROPEAN_UNION, GERMAN_RATE, VatId
from services.sponsor_invoice.selling import DAYS_TO_PAY, MAX_DAYS_TO_PAY
from services.sponsor_invoice.store import Person, Seller, Sponsor
from shared.documents.reference import checked_iban
from shared.errors import Conflict, InvalidInput, NotFound
from shared.money import Money
from shared.runtime import Runtime
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language
from shared.web.staff import require, staff_only, the_staff

VIEWERS: Final = ("finance", "organiser")
Page = Response | str | tuple[str, int]


def refuse(form: Form, error: InvalidInput | Conflict) -> None:
    """Show what a use case refused, in the reader's language."""
    fields = error.facts.get("errors")
    if isinstance(fields, Mapping):
        for name, sentences in fields.items():
            form.wrong(str(name), " ".join(_(str(sentence)) for sentence in sentences))
    else:
        form.wrong("", _(str(error)))


def add_routes(pages: Blueprint, runtime: Runtime, database: Any) -> None:
    """The entry forms, under `/finance`."""

    def fresh(prefix: str) -> str:
        return runtime.ids.new(prefix, runtime.clock.now())

    def given(form: Form, prefix: str) -> str:
        """The id that the form was shown with, so that sending it twice does its work once."""
        id = form.values.get("id", "")
        return id if re.fullmatch(rf"{prefix}_[0-9a-f]{{32}}", id) else fresh(prefix)

    @pages.route("/sellers/new", methods=["GET", "POST"])
    @pages.route("/sellers/<seller_id>", methods=["GET", "POST"])
    @staff_only("finance")
    def seller(seller_id: str = "") -> Page:
        require("", "finance")
        with database.reading() as connection:
            before = store.load_seller(connection, seller_id) if seller_id else None
        form = Form(request.form if request.method == "POST" else _seller_values(before, fresh("sel")))
        if request.method == "POST":
            entered = _read_seller(form, before, given(form, "sel"), fresh("acc"))
            if entered is not None:
                try:
                    with database.transaction(the_staff().actor) as tx:
                        handlers.define_seller(tx, entered)
                    return redirect("/finance")
                except (InvalidInput, Conflict) as error:
                    refuse(form, error)
        page = render_template("finance/seller.html", form=form, seller=before, here="sponsors")
        return page, 422 if form.errors else 200

    @pages.route("/sponsors/new", methods=["GET", "POST"])
    @pages.route("/sponsors/<sponsor_id>", methods=["GET", "POST"])
    @staff_only("finance")
    def sponsor(sponsor_id: str = "") -> Page:
        with database.reading() as connection:
            before = store.load_sponsor(connection, sponsor_id) if sponsor_id else None
            contact = store.load_people(connection, [before.contact_id]).get(before.contact_id) if before else None
        form = Form(request.form if request.method == "POST" else _sponsor_values(before, contact, fresh("spo")))
        if request.method == "POST":
            read = _read_sponsor(
                form, before.id if before else given(form, "spo"), contact.id if contact else fresh("per"), runtime.clock.now()
            )
            if read is not None:
                with database.transaction(the_staff().actor) as tx:
                    handlers.enter_sponsor(tx, *read)
                return redirect("/finance/sponsors")
        page = render_template("finance/sponsor.html", form=form, sponsor=before, contact=contact, here="sponsors")
        return page, 422 if form.errors else 200

    @pages.get("/sponsors")
    @staff_only("finance")
    def sponsors() -> str:
        with database.reading() as connection:
            entered = store.list_sponsors(connection)
            people = store.load_people(connection, [each.contact_id for each in entered])
        return render_template("finance/sponsors.html", sponsors=entered, people=people, here="sponsors")

    @pages.route("/conferences/<conference_id>/packages/new", methods=["GET", "POST"])
    @pages.route("/conferences/<conference_id>/packages/<package_id>", methods=["GET", "POST"])
    @staff_only("finance")
    def package(conference_id: str, package_id: str = "") -> Page:
        with database.reading() as connection:
            conference = store.conference(connection, conference_id)
            before = store.load_package(connection, package_id) if package_id else None
        if before is not None and before.conference_id != conference_id:
            raise NotFound("There is no such package: define it first.")
        form = Form(request.form if request.method == "POST" else _package_values(before, fresh("pac")))
        if request.method == "POST":
            id = before.id if before else given(form, "pac")
            entered = _read_package(form, id, conference)
            if entered is not None:
                try:
                    with database.transaction(the_staff().actor) as tx:
                        handlers.define_package(tx, entered)
                    return redirect(f"/finance/conferences/{conference_id}/packages")
                except (InvalidInput, Conflict) as error:
                    refuse(form, error)
        page = render_template(
            "finance/package.html",
            form=form,
            package=before,
            conference=conference,
            types=_admission_types(conference),
            here="sponsors",
        )
        return page, 422 if form.errors else 200

    @pages.get("/conferences/<conference_id>/packages")
    @staff_only(*VIEWERS)
    def packages(conference_id: str) -> str:
        with database.reading() as connection:
            conference = store.conference(connection, conference_id)
            offered = views.packages(connection, conference_id)
        return render_template("finance/packages.html", conference=conference, packages=offered, here="sponsors")

    @pages.route("/conferences/<conference_id>/sign", methods=["GET", "POST"])
    @staff_only("finance")
    def sign(conference_id: str) -> Page:
        with database.reading() as connection:
            conference = store.conference(connection, conference_id)
            offers = _offers(connection, conference_id)
        today = runtime.clock.now().astimezone(store.zone(conference)).date()
        begin = {
            "id": fresh("shp"),
            "signed_on": today,
            "days_to_pay": DAYS_TO_PAY,
            "seller_id": _usual_seller(offers["sellers"], conference.seller),
        }
        form, status = Form(request.form if request.method == "POST" else begin), 200
        if request.method == "POST":
            facts = {
                "package_id": form.choice("package_id", [value for value, _name in offers["packages"]]),
                "sponsor_id": form.choice("sponsor_id", [value for value, _name in offers["sponsors"]]),
                "seller_id": form.choice("seller_id", [value for value, _name in offers["sellers"]]),
                "signed_on": form.day("signed_on"),
                "order_number": form.text("order_number", required=False, longest=60),
                "days_to_pay": form.integer("days_to_pay", lowest=0, highest=MAX_DAYS_TO_PAY),
                "vouchers_wait": {"yes": True, "no": False}.get(
                    form.choice("vouchers_wait", ["", "yes", "no"], required=False)
                ),
            }
            if facts["signed_on"] and facts["signed_on"] > today:
                form.wrong("signed_on", _("Nobody signs in the future: choose today or an earlier day."))
            if not form.errors:
                sponsorship_id = given(form, "shp")
                try:
                    with database.transaction(the_staff().actor) as tx:
                        handlers.sign_sponsorship(tx, sponsorship_id=sponsorship_id, **facts)
                    return redirect(f"/finance/sponsorships/{sponsorship_id}")
                except (InvalidInput, Conflict) as error:
                    refuse(form, error)
                    status = error.status
        page = render_template("finance/sign.html", form=form, conference=conference, offers=offers, here="sponsors")
        return page, 422 if form.errors and status == 200 else status


def _offers(connection: Connection, conference_id: str) -> dict[str, list[tuple[str, str]]]:
    packages = [
        (
            package.id,
            package.name if package.cap is None else f"{package.name} ({max(package.cap - taken, 0)} / {package.cap})",
        )
        for package, taken in views.packages(connection, conference_id)
    ]
    return {
        "packages": packages,
        "sponsors": [(each.id, each.name) for each in store.list_sponsors(connection)],
        "sellers": [(each.id, each.name) for each in store.list_sellers(connection)],
    }


def _usual_seller(sellers: list[tuple[str, str]], wanted: str) -> str:
    """The conference's own seller, by its name or id; else the first."""
    by_name = [id for id, name in sellers if wanted in (id, name)]
    return (by_name or [id for id, _name in sellers] or [""])[0]


def _admission_types(conference: Any) -> list[tuple[str, str]]:
    name = "name_de" if language() == "de" else "name_en"
    return [(each["code"], each[name]) for each in conference.admission_types]


def _read_address(form: Form) -> dict[str, Any]:
    country = form.text("country", longest=2).upper()
    if country and not re.fullmatch("[A-Z]{2}", country):
        form.wrong("country", _("Two letters, like DE, FR or US."))
    lines = [line.strip() for line in form.text("address", longest=300, lines=True).splitlines() if line.strip()]
    if len(lines) > 3:
        form.wrong("address", _("At most three lines above the city."))
    return {
        "name": form.text("name"),
        "address": tuple(lines),
        "postcode": form.text("postcode", longest=20, required=False),
        "city": form.text("city", longest=100),
        "country": country,
    }


def _read_vat_id(form: Form, country: str) -> str:
    number = re.sub(r"[\s.\-]", "", form.text("vat_id", required=False, longest=20)).upper()
    if number and country in EUROPEAN_UNION and not vat_ids.is_valid(number):
        form.wrong("vat_id", _("This is no VAT id of the EU: it begins with the country, like DE123456788."))
    return number


def _read_seller(form: Form, before: Seller | None, id: str, account_id: str) -> Seller | None:
    facts = _read_address(form)
    vat_id = _read_vat_id(form, facts["country"])
    tax_number = form.text("tax_number", required=False, longest=40)
    if not vat_id and not tax_number and "vat_id" not in form.errors:
        form.wrong("vat_id", _("An invoice names the seller's VAT id or tax number: fill in one of them."))
    iban = form.text("iban", longest=42)
    if iban:
        try:
            iban = checked_iban(iban)
        except InvalidInput as error:
            form.wrong("iban", _(str(error)))
    prefix = before.prefix if before else form.text("prefix", longest=12).upper()
    if prefix and not re.fullmatch(r"[A-Z][A-Z0-9]*", prefix):
        form.wrong("prefix", _("Capital letters and digits, beginning with a letter."))
    entered = Seller(
        id=before.id if before else id,
        **facts,
        email=form.email("email"),
        vat_id=vat_id,
        tax_number=tax_number,
        register=form.text("register", required=False),
        represented_by=form.text("represented_by", required=False),
        account_id=before.account_id if before else account_id,
        account_holder=form.text("account_holder", required=False),
        iban=iban,
        bic=form.text("bic", required=False, longest=11),
        prefix=prefix,
    )
    return None if form.errors else entered


def _seller_values(seller: Seller | None, id: str) -> dict[str, object]:
    if seller is None:
        return {"id": id, "country": "DE", "prefix": "SP"}
    return {name: getattr(seller, name) for name in Seller.__slots__} | {"address": "\n".join(seller.address)}


def _read_sponsor(form: Form, id: str, contact_id: str, now: datetime) -> tuple[Sponsor, Person] | None:
    facts = _read_address(form)
    number = _read_vat_id(form, facts["country"])
    confirmed_on = form.day("vat_id_confirmed_on", required=False)
    if confirmed_on and not number:
        form.wrong("vat_id_confirmed_on", _("Which VAT id was confirmed? Fill it in above."))
    if confirmed_on and confirmed_on > now.date():
        form.wrong("vat_id_confirmed_on", _("Choose today or an earlier day."))
    contact = Person(
        id=contact_id,
        name=form.text("contact_name"),
        email=form.email("contact_email"),
        locale=form.choice("contact_locale", ["de", "en"]),
    )
    if form.errors:
        return None
    return Sponsor(id=id, **facts, vat_id=VatId(number, confirmed_on), contact_id=contact_id), contact


def _sponsor_values(sponsor: Sponsor | None, contact: Person | None, id: str) -> dict[str, object]:
    if sponsor is None:
        return {"id": id, "country": "DE", "contact_locale": language()}
    values: dict[str, object] = {
        **{name: getattr(sponsor, name) for name in ("id", "name", "postcode", "city", "country")},
        "address": "\n".join(sponsor.address),
        "vat_id": sponsor.vat_id.number,
        "vat_id_confirmed_on": sponsor.vat_id.confirmed_on,
    }
    if contact is not None:
        values |= {"contact_name": contact.name, "contact_email": contact.email, "contact_locale": contact.locale}
    return values


def _read_package(form: Form, id: str, conference: Any) -> Package | None:
    in_kind = form.checked("in_kind")
    price = Money(0, conference.currency) if in_kind else form.money("price", conference.currency)
    exemption = form.text("exemption", required=False, longest=500)
    cap = form.integer("cap", lowest=1, highest=10_000, required=False)
    count = form.integer("vouchers", lowest=0, highest=MAX_VOUCHERS, required=False) or 0
    admission_type = form.choice("admission_type", [code for code, _name in _admission_types(conference)], required=count > 0)
    lines = form.text("deliverables", required=False, longest=2000, lines=True).splitlines()
    name = form.text("name")
    if form.errors or price is None:
        return None
    vouchers = [PackageBenefit("vouchers", count, admission_type)] if count else []
    others = [PackageBenefit("deliverable", description=line.strip()[:200]) for line in lines if line.strip()]
    try:
        return Package(
            id=id,
            conference_id=conference.conference_id,
            name=name,
            price=price,
            in_kind=in_kind,
            cap=cap,
            vat_rate=0 if exemption else GERMAN_RATE,
            exemption=exemption,
            benefits=(*vouchers, *others),
            vouchers_wait=form.checked("vouchers_wait"),
        )
    except InvalidInput as error:
        refuse(form, error)
        return None


def _package_values(package: Package | None, id: str) -> dict[str, object]:
    if package is None:
        return {"id": id}
    vouchers = next((benefit for benefit in package.benefits if benefit.kind == "vouchers"), None)
    return {
        "id": package.id,
        "name": package.name,
        "price": "" if package.in_kind else f"{package.price.amount // 100}.{package.price.amount % 100:02}",
        "in_kind": "yes" if package.in_kind else "",
        "cap": package.cap,
        "exemption": package.exemption,
        "vouchers": vouchers.count if vouchers else "",
        "admission_type": vouchers.admission_type if vouchers else "",
        "vouchers_wait": "yes" if package.vouchers_wait else "",
        "deliverables": "\n".join(b.description for b in package.benefits if b.kind == "deliverable"),
    }
