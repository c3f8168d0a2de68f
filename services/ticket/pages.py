"""Later in this session."""

from flask import Flask


def install(app: Flask) -> None:
    pass
