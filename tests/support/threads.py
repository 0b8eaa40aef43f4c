"""A function that branches, and threads that share it."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

WORKERS = 8


def branching(x, n):
    y = np.tanh(x) * n
    if y.sum() > 1:
        y = y / y.sum()
    while np.abs(y).max() > 0.25:
        y = y * 0.5
    return y * x


def together(work, often=False):
    """work(k) in eight threads, which begin at the same time; its results. often: Python switches
    between them every 10 µs instead of every 5 ms."""
    start = threading.Barrier(WORKERS)

    def task(k):
        start.wait()
        return work(k)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5 if often else interval)
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(task, range(WORKERS)))
    finally:
        sys.setswitchinterval(interval)
