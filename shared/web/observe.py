"""How an application tells how it is: /livez, /readyz, /metrics, and one log line a request, without personal data."""

from __future__ import annotations

import os
import time

import prometheus_client
from flask import Flask, Response, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from shared.logs import get_logger
from shared.runtime import Runtime
from shared.service import Service

logger = get_logger(__name__)
LABELS = ("service", "method", "route", "status")
REQUESTS = Counter("stagedoor_requests", "Requests answered.", LABELS)
SECONDS = Histogram("stagedoor_request_seconds", "How long answers took.", ("service", "route"))
QUIET = ("/livez", "/readyz", "/metrics", "/static")


def install(app: Flask, service: Service, runtime: Runtime) -> None:
    def livez() -> Response:
        """This process answers."""
        return jsonify(status="alive")

    def readyz() -> tuple[Response, int]:
        """It can do its work: database reached and migrated, log reached, topics as they must be."""
        waiting = runtime.ready(service)
        return jsonify(status="waiting" if waiting else "ready", because=waiting), 503 if waiting else 200

    app.add_url_rule("/livez", "livez", livez)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics)

    def begin() -> None:
        g.began = time.perf_counter()

    def tell(response: Response) -> Response:
        # The rule, never the path: paths bear secrets and references of people.
        route = request.url_rule.rule if request.url_rule else "unmatched"
        if route.startswith(QUIET):
            return response
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        REQUESTS.labels(service.name, request.method, route, response.status_code).inc()
        SECONDS.labels(service.name, route).observe(seconds)
        logger.info(
            "request",
            service=service.name,
            method=request.method,
            route=route,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
        )
        return response

    app.before_request(begin)
    app.after_request(tell)


def metrics() -> Response:
    """What Prometheus reads, of all processes of this application where several share a folder."""
    registry = prometheus_client.REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(prometheus_client.generate_latest(registry), content_type=prometheus_client.CONTENT_TYPE_LATEST)
