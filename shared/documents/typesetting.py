"""PDFs set by typst: one warm compiler per process, made when the first document is set.

typst keeps the interpreter's lock while it works and takes memory: call this in a worker, not in a web process.
"""

from __future__ import annotations

import json
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
_one_at_a_time = threading.Lock()


def render_typst(
    template: Path | str,
    data: Mapping[str, object],
    pdf_standard: PdfStandard | None = None,
    created_at: datetime | None = None,
) -> bytes:
    """A PDF from a template (a path below `ROOT`, or typst source) and JSON-ready data; same input, same bytes.

    The template reads `#let data = json(bytes(sys.inputs.data))`. A QR code comes as SVG text (`shared.documents.qr`)
    and is placed by `image(bytes(data.qr), format: "svg")`. `created_at` is written into the file; without it a fixed
    day is, so that no clock is read here. Fonts are those that typst carries, never the machine's.
    Raises `typst.TypstError` (a mistake in a template) with line and column.
    """
    pages = _compile(template, data, created_at, format="pdf", pdf_standards=pdf_standard)
    assert isinstance(pages, bytes)
    return pages


def render_typst_pages(template: Path | str, data: Mapping[str, object], ppi: float = 144) -> list[bytes]:
    """The same pages as PNG images, to be looked at or read back."""
    pages = _compile(template, data, None, format="png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def _compile(template: Path | str, data: Mapping[str, object], created_at: datetime | None, **options: Any) -> Any:
    source = template if isinstance(template, Path) else template.encode()
    inputs = {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)}
    timestamp = int((created_at or _EPOCH).timestamp())
    with _one_at_a_time:
        return _compiler().compile(input=source, sys_inputs=inputs, timestamp=timestamp, **options)


@lru_cache(maxsize=1)
def _compiler() -> Any:
    import typst

    return typst.Compiler(root=ROOT, ignore_system_fonts=True)
