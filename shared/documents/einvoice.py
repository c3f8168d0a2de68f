"""The invoice that people and machines read: PDF/A-3b with its EN 16931 XML inside (ZUGFeRD 2 / Factur-X 1).

typst itself embeds the XML as an associated file; what it cannot write is the XMP that announces it. That is added here
by hand rather than by factur-x, whose metadata veraPDF does not read (namespaces outside rdf:RDF, no rdf:about).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Final

from shared.documents.cii import invoice_xml
from shared.documents.invoice import Invoice
from shared.documents.pdf import ACCENT, sheet
from shared.documents.typesetting import render_typst

XML_NAME: Final = "factur-x.xml"
_TEMPLATE: Final = Path(__file__).with_name("invoice.typ")
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PDFA: Final = "http://www.aiim.org/pdfa/ns/"
_FX: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_ANNOUNCED: Final = (
    ("DocumentFileName", XML_NAME, "The name of the embedded XML document"),
    ("DocumentType", "INVOICE", "The type of the hybrid document in capital letters"),
    ("Version", "1.0", "The version of the standard that the embedded XML document follows"),
    ("ConformanceLevel", "EN 16931", "The conformance level of the embedded XML document"),
)


@dataclass(frozen=True, slots=True)
class RenderedInvoice:
    pdf: bytes
    xml: bytes
    """The same bytes that are embedded in `pdf`."""


def render_invoice(invoice: Invoice, accent: str = ACCENT) -> RenderedInvoice:
    """Both forms of an invoice; same invoice, same bytes. `accent` is the conference's colour as '#a3122a'."""
    xml = invoice_xml(invoice)
    issued_at = datetime.combine(invoice.issued_on, time(), UTC)
    attachment = {"xml": xml.decode(), "xml_name": f"/{XML_NAME}"}
    pdf = render_typst(_TEMPLATE, sheet(invoice, accent), "a-3b", created_at=issued_at, inputs=attachment)
    return RenderedInvoice(_announce(pdf), xml)


def _announce(pdf: bytes) -> bytes:
    """Tell in the PDF's metadata that an invoice is embedded, and of which profile."""
    from pypdf import PdfWriter
    from pypdf.generic import NameObject

    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    metadata: Any = writer.root_object["/Metadata"].get_object()
    metadata.set_data(_with_announcement(metadata.get_data()))
    writer.root_object[NameObject("/Metadata")] = metadata.indirect_reference
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _with_announcement(xmp: bytes) -> bytes:
    from lxml import etree

    packet = etree.fromstring(xmp, etree.XMLParser(resolve_entities=False, no_network=True))
    names = {"rdf": _RDF, "extension": f"{_PDFA}extension/", "schema": f"{_PDFA}schema#"}
    schemas = packet.find(".//extension:schemas/rdf:Bag", names)
    schema = _resource(schemas)
    for name, value in (("schema", "Factur-X PDFA Extension Schema"), ("namespaceURI", _FX), ("prefix", "fx")):
        etree.SubElement(schema, f"{{{_PDFA}schema#}}{name}").text = value
    properties = etree.SubElement(etree.SubElement(schema, f"{{{_PDFA}schema#}}property"), f"{{{_RDF}}}Seq")
    announcement = etree.SubElement(packet.find("rdf:RDF", names), f"{{{_RDF}}}Description", nsmap={"fx": _FX})
    announcement.set(f"{{{_RDF}}}about", "")
    for name, value, meaning in _ANNOUNCED:
        described = _resource(properties)
        for key, text in (("name", name), ("valueType", "Text"), ("category", "external"), ("description", meaning)):
            etree.SubElement(described, f"{{{_PDFA}property#}}{key}").text = text
        etree.SubElement(announcement, f"{{{_FX}}}{name}").text = value
    body = bytes(etree.tostring(packet, encoding="UTF-8"))
    return b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>' + body + b'<?xpacket end="r"?>'


def _resource(parent: Any) -> Any:
    from lxml import etree

    item = etree.SubElement(parent, f"{{{_RDF}}}li")
    item.set(f"{{{_RDF}}}parseType", "Resource")
    return item
