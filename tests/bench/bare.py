"""The bare twin of a POST: Flask takes JSON and gives JSON, and does nothing else."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request


def make_application() -> Flask:
    app = Flask(__name__)

    def take() -> tuple[Response, int]:
        return jsonify(attendees=len(request.get_json()["attendees"])), 201

    app.add_url_rule("/orders", "take", take, methods=["POST"])
    app.add_url_rule("/livez", "livez", lambda: jsonify(status="alive"))
    return app
