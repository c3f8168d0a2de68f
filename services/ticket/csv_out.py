"""Tables for spreadsheets, in which no cell is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def csv_sheet(rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with the mark that spreadsheets look for, semicolons between cells. Numbers stay numbers."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow([cell if isinstance(cell, int) else neutral(str(cell)) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def csv_answer(rows: Iterable[Sequence[object]], filename: str) -> Response:
    """A sheet to be kept by a browser."""
    disposition = f'attachment; filename="{filename}"'
    return Response(csv_sheet(rows), 200, {"Content-Disposition": disposition}, content_type="text/csv; charset=utf-8")


def neutral(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip()[:1] in DANGEROUS else cell
