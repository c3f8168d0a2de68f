"""PDFs set by typst: one warm compiler per process, made when the first document is set.

typst keeps the interpreter's lock while it works and takes memory: call this in a worker, not in a web process.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

ROOT: Final = Path(__file__).resolve().parents[2]
"""Absolute paths in templates start here: `#import "/shared/documents/look.typ": *`."""

PdfStandard = Literal["1.7", "a-2b", "a-3b", "a-3a", "ua-1"]

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_UNKNOWN_SIGN: Final = re.compile(r'the text `"(.+?)"` could not be displayed')
_SUBSTITUTE: Final = "?"
# What joins a cluster of signs (a family, a flag, a variant) into one: without it each can be looked at alone.
_JOINERS: Final = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e01ef]")
_BEYOND_LATIN: Final = re.compile("[^\u0000-\u024f\u2010-\u2026\u20ac\u2212]")
_one_at_a_time = threading.Lock()


def render_typst(
    template: Path | str,
    data: Mapping[str, object],
    pdf_standard: PdfStandard | None = None,
    created_at: datetime | None = None,
    inputs: Mapping[str, str] | None = None,
) -> bytes:
    """A PDF from a template (a path below `ROOT`, or typst source) and JSON-ready data; same input, same bytes.

    The template reads `#let data = json(bytes(sys.inputs.data))`; `inputs` are further `sys.inputs`, never changed.
    A QR code comes as SVG text (`shared.documents.qr`) and is placed by `qr(data.qr)` of look.typ. `created_at` is
    written into the file; without it a fixed day is, so that no clock is read here. Fonts are those that typst
    carries, never the machine's: Latin, Greek, Cyrillic, Hebrew and Arabic. PDF/A allows no sign without a glyph, so
    there others are printed as '?' rather than that a Japanese sponsor or a smiley in a name stops a document.
    Raises `typst.TypstError` (a mistake in a template) with line and column.
    """
    import typst

    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    while True:
        try:
            pdf = _compile(template, text, created_at, inputs, format="pdf", pdf_standards=pdf_standard)
            assert isinstance(pdf, bytes)
            return pdf
        except typst.TypstError as error:
            printable = _without_unknown_signs(text, str(error))
            if printable == text:
                raise
            text = printable


def render_typst_pages(
    template: Path | str, data: Mapping[str, object], ppi: float = 144, inputs: Mapping[str, str] | None = None
) -> list[bytes]:
    """The same pages as PNG images, to be looked at or read back."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    pages = _compile(template, text, None, inputs, format="png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def _compile(
    template: Path | str, data: str, created_at: datetime | None, inputs: Mapping[str, str] | None, **options: Any
) -> Any:
    source = template if isinstance(template, Path) else template.encode()
    timestamp = int((created_at or _EPOCH).timestamp())
    with _one_at_a_time:
        return _compiler().compile(
            input=source, sys_inputs={**(inputs or {}), "data": data}, timestamp=timestamp, **options
        )


def _without_unknown_signs(data: str, complaint: str) -> str:
    """typst names one piece of text at a time that no font has. Where the name does not help, all but Latin goes."""
    unknown = _UNKNOWN_SIGN.findall(complaint)
    printable = _JOINERS.sub("", data) if unknown else data
    for sign in "".join(unknown):
        if not sign.isascii():
            printable = printable.replace(sign, _SUBSTITUTE)
    return _BEYOND_LATIN.sub(_SUBSTITUTE, data) if unknown and printable == data else printable


@lru_cache(maxsize=1)
def _compiler() -> Any:
    import typst

    return typst.Compiler(root=ROOT, ignore_system_fonts=True)
