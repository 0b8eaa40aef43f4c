"""The page: data of a trace goes in, one HTML file comes out that needs nothing else."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from admodes.explorer.data import page_data as page_data
from admodes.views.files import write_text
from admodes.views.visible import visible

HEIGHT = 760
"""Of the page in a notebook, in pixels."""


class Page:
    """A page that steps through a trace. A notebook shows it; save(path) writes it.

    data is what the page carries (schema "admodes.page/1")."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<Page of {visible(self.data['title'], lines=False)}: .save('page.html') writes it>"

    def to_html(self) -> str:
        """The page as one HTML document, which loads nothing from elsewhere.

        >>> import admodes as ad
        >>> page = ad.explore(lambda x: x * x, 3.0)
        >>> page.to_html().startswith("<!doctype html>"), "src=" in page.to_html()
        (True, False)
        """
        script, style = _asset("page.js"), _asset("page.css")
        parts = {
            "POLICY": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
            "base-uri 'none'; form-action 'none'",
            "TITLE": html.escape(visible(self.data["title"], lines=False)),
            "STYLE": style,
            "DATA": _in_script(self.data),
            "SCRIPT": script,
        }
        pieces = _DOCUMENT.split("@")
        return "".join(parts.get(piece, piece) for piece in pieces)

    def save(self, path: str | Path) -> Path:
        """Write the page into a file, whole or not at all. Raises OSError where path cannot be
        written."""
        return write_text(path, self.to_html())

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="admodes explorer" sandbox="allow-scripts" width="100%" '
            f'height="{HEIGHT}" style="border:0" srcdoc="{html.escape(self.to_html())}"></iframe>'
        )


@functools.cache
def _asset(name: str) -> str:
    return (files("admodes.explorer") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the policy of a page allows to run: this text alone."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _in_script(data: dict[str, Any]) -> str:
    """JSON in ASCII that cannot end the element that holds it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="@POLICY@">
<title>@TITLE@</title>
<style>@STYLE@</style>
</head>
<body>
<noscript>This page computes with JavaScript, which is switched off here.</noscript>
<div id="page"></div>
<script type="application/json" id="data">@DATA@</script>
<script>@SCRIPT@</script>
</body>
</html>
"""
