"""The site: `pip install -e '.[docs]' && sphinx-build -W docs docs/_build`.

The chapters are the Markdown files of this folder, which read well as they are; their table of
contents is index.md. What comes from the program is written when the site is built: see
_ext/generated_pages.py. Commands and Python examples of the chapters run as tests, by
tests/test_readme.py, and not again here; the notebooks run here.
"""

import re
import sys
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import generated_pages  # noqa: E402

from admodes.version import VERSION  # noqa: E402

project = "admodes"
author = copyright = "the admodes authors"
version = release = VERSION

extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "_ext"]
myst_enable_extensions = ["deflist", "dollarmath"]
smartquotes = False  # "forward" in a docstring is what is typed
myst_heading_anchors = 3
nb_execution_raise_on_error = True
nb_execution_timeout = 120
default_role = "code"
autodoc_member_order = "bysource"
toc_object_entries = False

html_theme = "furo"
html_title = f"admodes {VERSION}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["generated/extra"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False

CHILDREN = {
    "notebooks": ["generated/notebooks/*"],
    "graphs": ["generated/gallery"],
    "measured": ["generated/reports/README", "generated/reports/*"],
}
"""Generated pages, by the chapter that they belong to."""


OUTSIDE = {
    "../CONTRIBUTING.md": "generated/contributing.md",
    "../CHANGELOG.md": "generated/changes.md",
    "../reports/": "generated/reports/",
}
"""Where on the site those files of the repository are that chapters link to."""


def toctree(entries: list[str], *options: str) -> str:
    return "\n".join(["", "```{toctree}", *options, "", *entries, "```", ""])


def add_toctrees(app: Sphinx, page: str, source: list[str]) -> None:
    """The lists of links of index.md are the table of contents, by their headings; chapters have
    generated pages as children."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")  # doctest needs this empty line
    for link, generated in OUTSIDE.items():
        source[0] = source[0].replace(f"]({link}", f"]({generated}")
    if page == "index":
        for title, section in re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", source[0], re.M):
            entries = re.findall(r"\]\(([\w/-]+)\.md\)", section)
            source[0] += toctree(entries, ":hidden:", f":caption: {title}")
        source[0] += toctree(generated_pages.CHAPTERS_OF_API, ":hidden:", ":caption: Reference")
    if page == "explorer":
        source[0] += "\n<p><a href='explorer-cpsc532s.html'>Open the page of @cpsc532s.</a></p>\n"
    if page == "commands":
        commands = generated_pages.described_commands()
        lines = [f"- [{name}](generated/commands/{name}.md): {does}" for name, does in commands]
        source[0] += "\n".join(["", "## A page for each command", "", *lines, ""])
        source[0] += toctree([f"generated/commands/{name}" for name, _ in commands], ":hidden:")
    if page in CHILDREN:
        source[0] += toctree(CHILDREN[page], ":glob:", ":hidden:")


def plain_to_rst(*context: Any) -> None:
    """Docstrings are plain text with `code` and examples: what reStructuredText would read as
    emphasis, links and substitutions stands for itself."""
    lines, example = context[-1], False
    for i, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            parts = re.split(r"(`[^`]*`)", line)
            parts[::2] = [re.sub(r"([*|]|_\b)", r"\\\1", part) for part in parts[::2]]
            lines[i] = "".join(parts)


def without_results(app: Sphinx, what: str, name: str, thing: Any, *_: Any) -> Any:
    """Results come from functions; nobody needs the arguments of their classes."""
    return ("", "") if what == "class" and name != "admodes.Variable" else None


def formula(translator: Any, node: Any, display: bool) -> None:
    """MathML, which browsers show without a script and without a network."""
    text = tex2mathml(node.astext(), as_block=display)
    translator.body.append(f'<div class="math">{text}</div>' if display else text)
    raise SkipNode


def setup(app: Sphinx) -> None:
    write = generated_pages.write  # before Sphinx asks whether the folders that it takes are there
    app.connect("config-inited", lambda app, config: write(HERE / "generated"), priority=1)
    app.connect("source-read", add_toctrees)
    app.connect("autodoc-process-docstring", plain_to_rst)
    app.connect("autodoc-process-signature", without_results)
    app.add_html_math_renderer(
        "mathml",
        (lambda self, node: formula(self, node, False), None),
        (lambda self, node: formula(self, node, True), None),
    )
