"""Documents: an invoice as plain data -> EN 16931 XML inside a PDF/A-3, and the numbers that have no gaps.

    invoice.py      what stands on an invoice, and what must (no I/O, no library)
    totals.py       VAT once per document and rate, lines that add up
    series.py       the gapless number series
    reference.py    the payment reference (ISO 11649) and the check of an IBAN
    cii.py          the XML (UN/CEFACT CII, profile EN 16931)
    einvoice.py     `render_invoice`: the two in one file (ZUGFeRD / Factur-X)
    pdf.py          the words and figures on the sheet; invoice.typ sets them
    typesetting.py  `render_typst` for every PDF of the project, look.typ their common look
    qr.py           QR codes as SVG, the GiroCode among them

typst, lxml and pypdf are imported when a document is rendered, never by importing a module of this room.
"""
