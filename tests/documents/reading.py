"""Reads documents back as their readers do: text by pypdf, QR codes by zxing-cpp from a picture of the page."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import zxingcpp
from pypdf import PdfReader


def pdf_text(pdf: bytes) -> str:
    """The text of all pages, with ordinary spaces."""
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return text.replace("\N{NO-BREAK SPACE}", " ")


def qr_texts(png: bytes) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(grey(png)) if "QR" in str(found.format)]


def grey(png: bytes) -> Any:
    """A PNG with 8 bits a channel, not interlaced (what typst writes), as rows of grey values on white."""
    position, packed, width, height, channels = 8, b"", 0, 0, 0
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        chunk = png[position + 8 : position + 8 + length]
        position += length + 12
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunk)
            assert depth == 8 and not interlaced
            channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += chunk
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    pixels = _unfilter(raw, channels).reshape(height, width, channels).astype(np.uint16)
    value = pixels[..., : 3 if channels > 2 else 1].mean(axis=2)
    opacity = pixels[..., -1] / 255 if channels in (2, 4) else 1
    return (value * opacity + 255 * (1 - opacity)).astype(np.uint8)


def _unfilter(raw: Any, channels: int) -> Any:
    rows = np.zeros((len(raw), raw.shape[1] - 1), np.uint8)
    above = np.zeros(raw.shape[1] - 1, np.int16)
    for i, (kind, line) in enumerate(zip(raw[:, 0], raw[:, 1:].astype(np.int16), strict=True)):
        if kind == 1:
            line = np.cumsum(line.reshape(-1, channels), axis=0).reshape(-1)
        elif kind == 2:
            line = line + above
        elif kind in (3, 4):
            line = _unfilter_slowly(kind, line, above, channels)
        rows[i] = line & 255
        above = rows[i].astype(np.int16)
    return rows


def _unfilter_slowly(kind: int, line: Any, above: Any, channels: int) -> Any:
    """Average and Paeth: each byte needs the one before it."""
    up, out = above.tolist(), line.tolist()
    for i in range(len(out)):
        left, corner = (out[i - channels], up[i - channels]) if i >= channels else (0, 0)
        if kind == 3:
            guess = (left + up[i]) // 2
        else:
            distances = (abs(up[i] - corner), abs(left - corner), abs(left + up[i] - 2 * corner))
            guess = (left, up[i], corner)[distances.index(min(distances))]
        out[i] = (out[i] + guess) & 255
    return np.array(out, np.int16)
