"""What stands on the invoice's sheet: every word and figure in the reader's language, for invoice.typ to set."""

from __future__ import annotations

from datetime import date
from typing import Final

from shared.documents import totals
from shared.documents.invoice import Address, Invoice, Kind, Language, Line, Paid, Treatment, VatRate
from shared.documents.qr import fits_girocode, girocode_svg
from shared.documents.reference import checked_iban, in_fours
from shared.documents.texts import TEXTS, TITLES, reason_without_vat
from shared.money import Money

ACCENT: Final = "#a3122a"

Pairs = list[list[str]]


def sheet(invoice: Invoice, accent: str = ACCENT) -> dict[str, object]:
    """JSON-ready data for invoice.typ; nothing is computed or worded there."""
    language, texts = invoice.language, TEXTS[invoice.language]
    seller, buyer = invoice.seller, invoice.buyer
    return {
        "language": language,
        "accent": accent,
        "title": TITLES[language][invoice.kind],
        "number": invoice.number,
        "subject": invoice.subject,
        "corrects": _corrects(invoice),
        "seller": seller.name,
        "sender": " · ".join([seller.name, *_place(seller.address, "", language)]),
        "buyer": [
            buyer.name,
            *([buyer.contact] if buyer.contact else []),
            *_place(buyer.address, seller.address.country, language),
        ],
        "facts": _facts(invoice),
        "table": _table(invoice),
        "sums": _sums(invoice),
        "final": _final(invoice),
        "reasons": list(dict.fromkeys(filter(None, (reason_without_vat(x.vat, language) for x in invoice.lines)))),
        "notes": list(invoice.notes),
        "payment": _payment(invoice),
        "footer": _footer(invoice),
        "page": texts["page"],
    }


def format_money(money: Money, language: Language) -> str:
    """'1.234,56 €' in German, '€ 1,234.56' in English, with spaces that do not break."""
    digits = f"{abs(money.amount) // 100:,}.{abs(money.amount) % 100:02}"
    sign = "\N{MINUS SIGN}" if money.amount < 0 else ""
    unit = "€" if money.currency == "EUR" else money.currency
    if language == "de":
        return f"{sign}{digits.translate(str.maketrans(',.', '.,'))}\N{NO-BREAK SPACE}{unit}"
    return f"{sign}{unit}\N{NO-BREAK SPACE}{digits}"


def format_day(day: date, language: Language) -> str:
    """'7. Juni 2027', '7 June 2027'."""
    from babel.dates import format_date

    return str(format_date(day, "d. MMMM y" if language == "de" else "d MMMM y", locale=language))


def format_days(first: date, last: date, language: Language) -> str:
    """'7.–9. Juni 2027', '7–9 June 2027', '30 May – 2 June 2027'; one day alone as `format_day` has it."""
    from babel.dates import format_date

    end, dot = format_day(last, language), "." if language == "de" else ""
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{dot}–{end}"
    if first.year == last.year:
        return f"{format_date(first, f'd{dot} MMMM', locale=language)} – {end}"
    return f"{format_day(first, language)} – {end}"


def format_rate(vat: VatRate, language: Language) -> str:
    """'19 %', '5,5 %'; a dash where nothing is charged."""
    if vat.treatment is not Treatment.TAXED:
        return "–"
    percent = f"{vat.basis_points / 100:.2f}".rstrip("0").rstrip(".")
    return f"{percent.replace('.', ',') if language == 'de' else percent}\N{NO-BREAK SPACE}%"


def _place(address: Address, home: str, language: Language) -> list[str]:
    """The lines of an address; the country last and in capitals, when it is not `home`."""
    lines = [*address.lines, f"{address.postcode} {address.city}".strip()]
    if home and address.country != home:
        lines.append(country_name(address.country, language).upper())
    return [line for line in lines if line]


def country_name(code: str, language: Language) -> str:
    from babel import Locale

    return str(Locale(language).territories.get(code, code))


def _corrects(invoice: Invoice) -> str:
    if invoice.corrects is None:
        return ""
    texts = TEXTS[invoice.language]
    sentence = texts["cancels" if invoice.kind is Kind.CANCELLATION else "corrects"].format(
        number=invoice.corrects.number, date=format_day(invoice.corrects.issued_on, invoice.language)
    )
    reason = invoice.corrects.reason
    return f"{sentence} {texts['reason'].format(reason=reason)}" if reason else sentence


def _facts(invoice: Invoice) -> Pairs:
    texts, language, buyer = TEXTS[invoice.language], invoice.language, invoice.buyer
    own = "" if invoice.kind is Kind.INVOICE else "own_"
    service = format_days(invoice.service_from, invoice.service_to, language)
    period = invoice.service_from != invoice.service_to
    facts = [
        [texts[f"{own}number"], invoice.number],
        [texts[f"{own}issued"], format_day(invoice.issued_on, language)],
        [texts["service_period" if period else "service"], service],
        [texts["order"], buyer.order_number],
        [texts["buyer_vat"], buyer.vat_id],
    ]
    if invoice.due_on and totals.amount_due(invoice).amount > 0:
        facts.append([texts["due"], format_day(invoice.due_on, language)])
    return [fact for fact in facts if fact[1]]


def _is_taxed(invoice: Invoice) -> bool:
    return any(line.vat.treatment is Treatment.TAXED for line in invoice.lines)


def _table(invoice: Invoice) -> dict[str, object]:
    """Columns after the first are figures. Where no VAT is charged there is one amount, not two alike."""
    texts, language = TEXTS[invoice.language], invoice.language
    taxed = _is_taxed(invoice)
    if taxed:
        head = [texts[key] for key in ("item", "quantity", "unit_gross", "vat", "net", "gross")]
    else:
        head = [texts[key] for key in ("item", "quantity", "unit", "amount")]

    def row(line: Line, net: Money) -> dict[str, object]:
        figures = [_count(line.quantity), format_money(line.unit_gross, language)]
        if taxed:
            figures += [format_rate(line.vat, language), format_money(net, language)]
        figures.append(format_money(line.gross, language))
        return {"item": line.description, "detail": line.detail, "figures": figures}

    nets = totals.line_nets(invoice)
    return {"head": head, "rows": [row(line, net) for line, net in zip(invoice.lines, nets, strict=True)]}


def _count(quantity: int) -> str:
    return str(quantity).replace("-", "\N{MINUS SIGN}")


def _sums(invoice: Invoice) -> Pairs:
    """The rows between table and final figure: net and VAT per rate; the total and what was paid, if more is due."""
    texts, language, groups = TEXTS[invoice.language], invoice.language, totals.vat_groups(invoice)
    sums: Pairs = []
    for group in groups if _is_taxed(invoice) else ():
        rate = format_rate(group.vats[0], language)
        if group.treatment is not Treatment.TAXED:
            label = texts["exempt"]
        else:
            label = texts["net_total"] if len(groups) == 1 else texts["net_at"].format(rate=rate)
        sums.append([label, format_money(group.net, language)])
        if group.treatment is Treatment.TAXED:
            sums.append([texts["vat_at"].format(rate=rate), format_money(group.tax, language)])
    if invoice.paid and totals.amount_due(invoice):
        sums.append([texts["total"], format_money(totals.gross_total(invoice), language)])
        sums.append([_paid(invoice.paid, language), format_money(-invoice.paid.amount, language)])
    return sums


def _final(invoice: Invoice) -> list[str]:
    """What the eye looks for: the total, or what is left of it."""
    texts, due, gross = TEXTS[invoice.language], totals.amount_due(invoice), totals.gross_total(invoice)
    if invoice.paid and due:
        return [texts["to_pay" if due.amount > 0 else "to_return"], format_money(_positive(due), invoice.language)]
    return [texts["total"], format_money(gross, invoice.language)]


def _positive(money: Money) -> Money:
    return -money if money.amount < 0 else money


def _paid(paid: Paid, language: Language) -> str:
    return TEXTS[language]["paid"].format(date=format_day(paid.on, language), by=paid.by)


def _payment(invoice: Invoice) -> dict[str, object] | None:
    """How to pay, when something is due; `settled` instead when it was paid before."""
    texts, language, bank = TEXTS[invoice.language], invoice.language, invoice.seller.bank
    due = totals.amount_due(invoice)
    if invoice.paid and not due:
        return {"settled": texts["settled"].format(paid=_paid(invoice.paid, language))}
    if due.amount <= 0 or bank is None:
        return None
    amount = format_money(due, language)
    if invoice.due_on:
        request = texts["pay_until"].format(amount=amount, date=format_day(invoice.due_on, language))
    else:
        request = texts["pay_now"].format(amount=amount)
    rows = [
        [texts["payee"], bank.holder],
        [texts["iban"], in_fours(checked_iban(bank.iban))],
        [texts["bic"], bank.bic],
        [texts["reference"], in_fours(invoice.payment_reference) or invoice.number],
    ]
    qr = ""
    if invoice.payment_reference and fits_girocode(due):
        qr = girocode_svg(bank, due, invoice.payment_reference)
    return {"request": request, "rows": [row for row in rows if row[1]], "qr": qr, "scan": texts["scan"]}


def _footer(invoice: Invoice) -> list[list[str]]:
    """Three columns: who, the register and the tax office's numbers, the bank."""
    texts, language, seller = TEXTS[invoice.language], invoice.language, invoice.seller
    country = country_name(seller.address.country, language)
    legal = [
        seller.register,
        seller.represented_by,
        texts["seller_vat"].format(id=seller.vat_id) if seller.vat_id else "",
        texts["tax_number"].format(id=seller.tax_number) if seller.tax_number else "",
    ]
    bank = [seller.bank.holder, in_fours(checked_iban(seller.bank.iban)), seller.bank.bic] if seller.bank else []
    who = [seller.name, *_place(seller.address, "", language), country, seller.email]
    return [[line for line in column if line] for column in (who, legal, bank)]
