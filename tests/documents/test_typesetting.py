"""What every PDF of the project is made with."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from pypdf import PdfReader

from shared.documents.qr import qr_svg
from shared.documents.typesetting import ROOT, render_typst, render_typst_pages
from tests.documents.reading import pdf_text, qr_texts

TICKET = """
#import "/shared/documents/look.typ": *
#let data = json(bytes(sys.inputs.data))
#show: programme.with(language: data.language, title: data.name)
#headline(rgb("#a3122a"), data.name)
#qr(data.qr)
"""
ADDRESS = "https://tickets.example/c/AbCdEfGhIjKlMnOpQrStUv"


def ticket(name: str) -> dict[str, object]:
    return {"language": "en", "name": name, "qr": qr_svg(ADDRESS)}


def test_a_template_gets_its_data_its_look_and_a_code_that_a_camera_reads() -> None:
    pdf = render_typst(TICKET, ticket("Žofie Ångström"), created_at=datetime(2027, 6, 7, 8, tzinfo=UTC))
    assert "Žofie Ångström" in pdf_text(pdf)
    metadata = PdfReader(io.BytesIO(pdf)).metadata
    assert metadata is not None and metadata.creation_date == datetime(2027, 6, 7, 8, tzinfo=UTC)
    assert qr_texts(render_typst_pages(TICKET, ticket("x"))[0]) == [ADDRESS]


def test_the_same_data_give_the_same_bytes_also_from_several_threads() -> None:
    names = [f"Person {n}" for n in range(12)]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda name: render_typst(TICKET, ticket(name)), names))
    assert at_once == [render_typst(TICKET, ticket(name)) for name in names]


def test_importing_the_room_brings_no_heavy_library_into_a_web_process() -> None:
    program = (
        "import sys, shared.documents.einvoice, shared.documents.typesetting, shared.documents.qr\n"
        "heavy = {'typst', 'lxml', 'pypdf', 'numpy', 'facturx', 'segno', 'stdnum'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
