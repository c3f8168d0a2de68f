"""An invoice as UN/CEFACT Cross Industry Invoice (D16B) in the profile EN 16931. BT and BG are the norm's numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from shared.documents import totals
from shared.documents.invoice import Address, Invoice, Kind, Treatment, VatRate
from shared.documents.reference import checked_iban
from shared.documents.texts import TEXTS, reason_without_vat
from shared.money import Money

GUIDELINE: Final = "urn:cen.eu:en16931:2017"
_NAMESPACES: Final = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
# UNTDID 1001. A cancellation is a corrected invoice with negative quantities: 381 would turn its signs round.
_TYPE_CODES: Final = {Kind.INVOICE: "380", Kind.CANCELLATION: "384", Kind.CORRECTION: "384"}
_EXEMPTION_CODES: Final = {Treatment.REVERSE_CHARGE: "VATEX-EU-AE", Treatment.NOT_TAXABLE: "VATEX-EU-O"}
_SEPA_TRANSFER: Final = "58"
_PIECE: Final = "C62"


def invoice_xml(invoice: Invoice) -> bytes:
    """The XML, UTF-8 with declaration; same invoice, same bytes."""
    from lxml import etree

    root = etree.Element(_tag("rsm:CrossIndustryInvoice"), nsmap=_NAMESPACES)
    _add(root, "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", GUIDELINE)
    _document(root, invoice)
    transaction = _add(root, "rsm:SupplyChainTradeTransaction")
    _lines(transaction, invoice)
    _agreement(transaction, invoice)
    delivery = _add(transaction, "ram:ApplicableHeaderTradeDelivery")
    if invoice.service_from == invoice.service_to:
        _day(delivery, "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime", invoice.service_from)
    _settlement(transaction, invoice)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _document(root: Any, invoice: Invoice) -> None:
    document = _add(root, "rsm:ExchangedDocument")
    _add(document, "ram:ID", invoice.number)
    _add(document, "ram:TypeCode", _TYPE_CODES[invoice.kind])
    _day(document, "ram:IssueDateTime", invoice.issued_on)
    notes = [(note, "") for note in (invoice.subject, *invoice.notes) if note]
    if invoice.corrects and invoice.corrects.reason:
        notes.append((invoice.corrects.reason, "ACD"))
    if invoice.seller.represented_by:
        notes.append((invoice.seller.represented_by, "REG"))
    for content, subject_code in notes:
        note = _add(document, "ram:IncludedNote")
        _add(note, "ram:Content", content)
        _add(note, "ram:SubjectCode", subject_code)


def _lines(transaction: Any, invoice: Invoice) -> None:
    for i, (line, net) in enumerate(zip(invoice.lines, totals.line_nets(invoice), strict=True), start=1):
        item = _add(transaction, "ram:IncludedSupplyChainTradeLineItem")
        _add(item, "ram:AssociatedDocumentLineDocument/ram:LineID", str(i))
        product = _add(item, "ram:SpecifiedTradeProduct")
        _add(product, "ram:Name", line.description)
        _add(product, "ram:Description", line.detail)
        price = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount"
        _add(item, price, _unit_price(net, line.quantity))
        _add(item, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", str(line.quantity), unitCode=_PIECE)
        settlement = _add(item, "ram:SpecifiedLineTradeSettlement")
        tax = _add(settlement, "ram:ApplicableTradeTax")
        _add(tax, "ram:TypeCode", "VAT")
        _add(tax, "ram:CategoryCode", line.vat.treatment)
        _add(tax, "ram:RateApplicablePercent", _percent(line.vat))
        _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount", _decimal(net))


def _agreement(transaction: Any, invoice: Invoice) -> None:
    agreement = _add(transaction, "ram:ApplicableHeaderTradeAgreement")
    seller, buyer = invoice.seller, invoice.buyer
    # Outside the scope of VAT no VAT id may be named (BR-O-02); the tax number may, and identifies the seller.
    outside = any(line.vat.treatment is Treatment.NOT_TAXABLE for line in invoice.lines)
    seller_vat, buyer_vat = ("", "") if outside else (seller.vat_id, buyer.vat_id)

    party = _add(agreement, "ram:SellerTradeParty")
    if not seller_vat and not seller.register:
        _add(party, "ram:ID", seller.tax_number or seller.name)  # one identifier is demanded (BR-CO-26)
    _add(party, "ram:Name", seller.name)
    _add(party, "ram:SpecifiedLegalOrganization/ram:ID", seller.register)
    contact = _add(party, "ram:DefinedTradeContact")
    _add(contact, "ram:PersonName", seller.name)
    _add(contact, "ram:EmailURIUniversalCommunication/ram:URIID", seller.email)
    _address(party, seller.address)
    _add(party, "ram:URIUniversalCommunication/ram:URIID", seller.email, schemeID="EM")
    _add(party, "ram:SpecifiedTaxRegistration/ram:ID", seller.tax_number, schemeID="FC")
    _add(party, "ram:SpecifiedTaxRegistration/ram:ID", seller_vat, schemeID="VA")

    party = _add(agreement, "ram:BuyerTradeParty")
    _add(party, "ram:Name", buyer.name)
    _add(party, "ram:DefinedTradeContact/ram:PersonName", buyer.contact)
    _address(party, buyer.address)
    _add(party, "ram:URIUniversalCommunication/ram:URIID", buyer.email, schemeID="EM")
    _add(party, "ram:SpecifiedTaxRegistration/ram:ID", buyer_vat, schemeID="VA")
    _add(agreement, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", buyer.order_number)


def _address(party: Any, address: Address) -> None:
    place = _add(party, "ram:PostalTradeAddress")
    _add(place, "ram:PostcodeCode", address.postcode)
    for name, line in zip(("LineOne", "LineTwo", "LineThree"), address.lines, strict=False):
        _add(place, f"ram:{name}", line)
    _add(place, "ram:CityName", address.city)
    _add(place, "ram:CountryID", address.country)


def _settlement(transaction: Any, invoice: Invoice) -> None:
    settlement = _add(transaction, "ram:ApplicableHeaderTradeSettlement")
    due = totals.amount_due(invoice)
    _add(settlement, "ram:PaymentReference", invoice.payment_reference)
    _add(settlement, "ram:InvoiceCurrencyCode", invoice.currency)
    bank = invoice.seller.bank
    if bank and due.amount > 0:
        means = _add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
        _add(means, "ram:TypeCode", _SEPA_TRANSFER)
        account = _add(means, "ram:PayeePartyCreditorFinancialAccount")
        _add(account, "ram:IBANID", checked_iban(bank.iban))
        _add(account, "ram:AccountName", bank.holder)
        _add(means, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", bank.bic)
    _taxes(settlement, invoice)
    if invoice.service_from != invoice.service_to:
        period = _add(settlement, "ram:BillingSpecifiedPeriod")
        _day(period, "ram:StartDateTime", invoice.service_from)
        _day(period, "ram:EndDateTime", invoice.service_to)
    if due.amount > 0:
        terms = _add(settlement, "ram:SpecifiedTradePaymentTerms")
        if invoice.due_on:
            _day(terms, "ram:DueDateDateTime", invoice.due_on)
        else:
            _add(terms, "ram:Description", TEXTS[invoice.language]["pay"])
    sums = _add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    net = _decimal(totals.net_total(invoice))
    _add(sums, "ram:LineTotalAmount", net)
    _add(sums, "ram:TaxBasisTotalAmount", net)
    _add(sums, "ram:TaxTotalAmount", _decimal(totals.vat_total(invoice)), currencyID=invoice.currency)
    _add(sums, "ram:GrandTotalAmount", _decimal(totals.gross_total(invoice)))
    _add(sums, "ram:TotalPrepaidAmount", _decimal(invoice.paid.amount) if invoice.paid else "")
    _add(sums, "ram:DuePayableAmount", _decimal(due))
    if invoice.corrects:
        corrected = _add(settlement, "ram:InvoiceReferencedDocument")
        _add(corrected, "ram:IssuerAssignedID", invoice.corrects.number)
        _day(corrected, "ram:FormattedIssueDateTime", invoice.corrects.issued_on, kind="qdt")


def _taxes(settlement: Any, invoice: Invoice) -> None:
    """BG-23: the breakdown by rate."""
    for group in totals.vat_groups(invoice):
        tax = _add(settlement, "ram:ApplicableTradeTax")
        _add(tax, "ram:CalculatedAmount", _decimal(group.tax))
        _add(tax, "ram:TypeCode", "VAT")
        _add(tax, "ram:ExemptionReason", " ".join(reason_without_vat(vat, invoice.language) for vat in group.vats))
        _add(tax, "ram:BasisAmount", _decimal(group.net))
        _add(tax, "ram:CategoryCode", group.treatment)
        _add(tax, "ram:ExemptionReasonCode", _EXEMPTION_CODES.get(group.treatment, ""))
        _add(tax, "ram:RateApplicablePercent", _percent(group.vats[0]))


def _add(parent: Any, path: str, text: str | None = None, **attributes: str) -> Any:
    """Append an element, or a chain of them; an empty text appends nothing: EN 16931 has no empty elements."""
    from lxml import etree

    if text == "":
        return None
    for name in path.split("/"):
        parent = etree.SubElement(parent, _tag(name))
    parent.text = text
    parent.attrib.update(attributes)
    return parent


def _day(parent: Any, path: str, day: date, kind: str = "udt") -> None:
    _add(parent, f"{path}/{kind}:DateTimeString", f"{day:%Y%m%d}", format="102")


def _tag(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _decimal(money: Money) -> str:
    return str(Decimal(money.amount).scaleb(-2))


def _unit_price(net: Money, quantity: int) -> str:
    """BT-146, never negative: two decimals where they are exact, else six."""
    price = Decimal(abs(net.amount)).scaleb(-2) / abs(quantity)
    cents = price.quantize(Decimal("0.01"))
    return str(cents if cents == price else price.quantize(Decimal("0.000001")))


def _percent(vat: VatRate) -> str:
    """BT-152, BT-119: what is not subject to VAT has no rate, not even zero."""
    return "" if vat.treatment is Treatment.NOT_TAXABLE else str(Decimal(vat.basis_points).scaleb(-2))
