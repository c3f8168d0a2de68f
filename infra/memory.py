"""What a long-lived process loaded at its start stays: the collector of garbage need not look through it again and again."""

from __future__ import annotations

import gc

THRESHOLDS = (20_000, 20, 50)


def settle() -> None:
    """Call once, when everything is composed, before workers are forked or threads start."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
