"""What finance types, read into the domain's words; wrong fields are named, and `None` is read then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stdnum.eu import vat as vat_ids

from services.sponsor_invoice.domain.sponsorship import MAX_VOUCHERS, Package, PackageBenefit
from services.sponsor_invoice.domain.vat import EUROPEAN_UNION, GERMAN_RATE, VatId
from services.sponsor_invoice.store import Person, Seller, Sponsor
from shared.documents.reference import checked_iban
from shared.errors import Conflict, InvalidInput
from shared.money import Money
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language, typed


def refuse(form: Form, error: InvalidInput | Conflict) -> None:
    """Show what a use case refused, in the reader's language."""
    fields = error.facts.get("errors")
    if isinstance(fields, Mapping):
        for name, sentences in fields.items():
            form.wrong(str(name), " ".join(_(str(sentence)) for sentence in sentences))
    else:
        form.wrong("", _(str(error)))


def admission_types(conference: Any) -> list[tuple[str, str]]:
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


def read_seller(form: Form, before: Seller | None, id: str, account_id: str) -> Seller | None:
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


def seller_values(seller: Seller | None, id: str) -> dict[str, object]:
    if seller is None:
        return {"id": id, "country": "DE", "prefix": "SP"}
    return {name: getattr(seller, name) for name in Seller.__slots__} | {"address": "\n".join(seller.address)}


def read_sponsor(form: Form, id: str, contact_id: str, now: datetime) -> tuple[Sponsor, Person] | None:
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


def sponsor_values(sponsor: Sponsor | None, contact: Person | None, id: str) -> dict[str, object]:
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


def read_package(form: Form, id: str, conference: Any) -> Package | None:
    in_kind = form.checked("in_kind")
    price = Money(0, conference.currency) if in_kind else form.money("price", conference.currency)
    exemption = form.text("exemption", required=False, longest=500)
    cap = form.integer("cap", lowest=1, highest=10_000, required=False)
    count = form.integer("vouchers", lowest=0, highest=MAX_VOUCHERS, required=False) or 0
    admission_type = form.choice(
        "admission_type", [code for code, _name in admission_types(conference)], required=count > 0
    )
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


def package_values(package: Package | None, id: str) -> dict[str, object]:
    if package is None:
        return {"id": id}
    vouchers = next((benefit for benefit in package.benefits if benefit.kind == "vouchers"), None)
    return {
        "id": package.id,
        "name": package.name,
        "price": "" if package.in_kind else typed(package.price),
        "in_kind": "yes" if package.in_kind else "",
        "cap": package.cap,
        "exemption": package.exemption,
        "vouchers": vouchers.count if vouchers else "",
        "admission_type": vouchers.admission_type if vouchers else "",
        "vouchers_wait": "yes" if package.vouchers_wait else "",
        "deliverables": "\n".join(b.description for b in package.benefits if b.kind == "deliverable"),
    }
