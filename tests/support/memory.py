"""Watches how much memory another process uses."""

from __future__ import annotations

import time

import psutil


def memory_curve(process: psutil.Popen, every: float) -> list[float]:
    """Resident memory of ``process`` in MB, every so many seconds until it ends well.

    Watched from outside: the peak that the system reports at the end counts the parent's memory at the fork.
    """
    curve = []
    while process.poll() is None:
        try:
            curve.append(process.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            break
        time.sleep(every)
    assert process.wait() == 0
    return curve
