"""Messages between a process and its children: JSON with arrays of floats, so that what a child
sends can be wrong but is never run."""

from __future__ import annotations

import base64
import json
import socket
import struct
from typing import Any

import numpy as np

from admodes.errors import Error

HEAD = struct.Struct("!Q")
"""The length of a message, before it."""

ARRAY, DATA = "shape", "float64"
"""The keys of an array: its shape, and its bytes in base64."""


class Closed(Error):
    """The other end of the connection is gone."""


def encoded(message: Any) -> bytes:
    """A message as bytes.

    >>> decoded(encoded({"y": np.array([1.0, np.nan])})[HEAD.size :])
    {'y': array([ 1., nan])}
    """
    text = json.dumps(message, default=_as_json).encode()
    return HEAD.pack(len(text)) + text


def decoded(text: bytes) -> Any:
    """The message in bytes without their head."""
    return json.loads(text, object_hook=_as_array)


def _as_json(x: Any) -> Any:
    if isinstance(x, np.generic):
        return x.item()
    array = np.asarray(x).astype(float, casting="same_kind")  # not of complex numbers
    return {ARRAY: array.shape, DATA: base64.b64encode(array.tobytes()).decode()}


def _as_array(x: dict) -> Any:
    if x.keys() != {ARRAY, DATA}:
        return x
    return np.frombuffer(base64.b64decode(x[DATA]), dtype=float).reshape(x[ARRAY])


def send(to: socket.socket, message: Any) -> None:
    """Send a message. Raises Closed."""
    try:
        to.sendall(encoded(message))
    except OSError as error:
        raise Closed(str(error)) from error


def receive(of: socket.socket) -> Any:
    """The next message, waiting for it. Raises Closed where the other end is gone."""
    (length,) = HEAD.unpack(_exactly(of, HEAD.size))
    return decoded(_exactly(of, length))


def _exactly(of: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = of.recv(min(size - len(parts), 1 << 20))
        except OSError as error:
            raise Closed(str(error)) from error
        if not part:
            raise Closed("the other end is closed")
        parts += part
    return bytes(parts)
