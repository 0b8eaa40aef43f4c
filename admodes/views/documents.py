"""What is around tables: prose in a format, headings, lines that stand as they are, and the
document."""

from __future__ import annotations

import html
import re

from admodes.views.dialects import MATHEMATICS, Latex
from admodes.views.mathml import mathml
from admodes.views.tables import Formula
from admodes.views.visible import visible


def document(body: str, format: str, title: str = "", more: str = "") -> str:
    """What a fragment of LaTeX or HTML needs around it to be a document; of other formats nothing.
    more: lines for the preamble, or rules for the style."""
    if format == "latex":
        preamble, begin, rest = _LATEX_DOCUMENT.partition(r"\begin{document}")
        return preamble + more + begin + rest.replace("BODY", body)
    if format == "html":
        head, style, rest = _HTML_DOCUMENT.partition("</style>")
        shown = html.escape(visible(title, lines=False) or "admodes")
        return head.replace("TITLE", shown) + more + style + rest.replace("BODY", body)
    return body


def heading(text: str, format: str) -> str:
    """The heading of a part, as tables have one, in a format."""
    text = visible(text, lines=False)
    written = {
        "markdown": lambda: f"## {unmarked(text)}\n\n",
        MATHEMATICS: lambda: f"## {marked_up(text)}\n\n",
        "latex": lambda: rf"\subsection*{{{Latex().plain(text)}}}" + "\n",
        "html": lambda: f"<h2>{page_prose(text)}</h2>\n",
    }
    return written[format]() if format in written else f"{text}\n"


def title_of(title: str, format: str) -> str:
    """A title in a format: as mathematics where it is a formula."""
    formula = title.latex if isinstance(title, Formula) else ""
    written = {
        "latex": lambda: f"${Latex().ascii(formula)}$",
        "html": lambda: mathml(formula),
        MATHEMATICS: lambda: f"${dollars(formula)}$",
    }
    if formula and format in written:
        return written[format]()
    if format == "latex":
        return Latex().plain(title, formulas=False)
    return html.escape(title) if format == "html" else unmarked(title)


def preformatted(text: str, format: str, language: str = "", fragment: bool = False) -> str:
    """Lines that stand as they are, such as a program or a picture of characters, as text,
    markdown, latex or html. language: the one that Markdown colours."""
    if format in ("markdown", MATHEMATICS):
        return f"```{language}\n{text}```\n"
    if format == "html":
        body = f"<pre>{html.escape(text)}</pre>"
        return body if fragment else document(body, format)
    if format == "latex":
        lines = (Latex().plain(line, formulas=False) for line in text.splitlines())
        body = "".join(f"\\noindent\\texttt{{{line}}}\\par\n".replace(" ", "~") for line in lines)
        return body if fragment else document(body, format)
    return text


def unmarked(text: str) -> str:
    """Text without what Markdown takes for emphasis, code, links, HTML, entities or escapes."""
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)|(?<=\])\(|<(?=\S)|&(?=[#\w])|\\(?=\W)", r"\\\g<0>", text)


def marked_up(text: str) -> str:
    """Prose of Markdown whose formulas stand between dollar signs."""
    parts = re.split(_ISLAND, text)
    parts[::2] = [unmarked(part).replace("$", r"\$") for part in parts[::2]]
    parts[1::2] = [f"${dollars(part)}$" for part in parts[1::2]]
    return "".join(parts)


def dollars(formula: str) -> str:
    """A formula that stands between dollar signs in a table of Markdown."""
    # Markdown takes the backslash from signs that it knows as its own.
    formula = formula.replace(r"\, ", " ").replace(r"\_", r"\text{\textunderscore}")
    return formula.replace(r"\|", r"\Vert ").replace("|", r"\vert ").strip()


def page_prose(text: str) -> str:
    """Prose of a page whose formulas are MathML."""
    parts = re.split(_ISLAND, text)
    parts[::2] = [html.escape(part) for part in parts[::2]]
    parts[1::2] = map(mathml, parts[1::2])
    return "".join(parts)


_ISLAND = re.compile(r"\\\((.*?)\\\)")
"""A formula in prose, as Formulas.math writes it."""

_LATEX_DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,array,longtable}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\IfFileExists{booktabs.sty}{\usepackage{booktabs}}{%
  \let\toprule\hline\let\midrule\hline\let\bottomrule\hline}
\usepackage[margin=2cm]{geometry}
\renewcommand{\arraystretch}{1.3}
\newcommand{\room}{\par\penalty-100\begingroup
  \dimen0=\pagegoal\advance\dimen0 by -\pagetotal
  \ifdim\dimen0<9\baselineskip\ifdim\dimen0>0pt\vfil\fi\break\fi\endgroup}
\let\subsectionhere\subsection
\renewcommand{\subsection}{\room\subsectionhere}
\begin{document}
BODY\end{document}
"""

_HTML_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TITLE</title>
<style>
body { font-family: Georgia, "DejaVu Serif", serif; margin: 2rem auto; max-width: 60rem;
  padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
thead { border-top: 2px solid; border-bottom: 1px solid; }
tbody { border-bottom: 2px solid; }
.wide { overflow-x: auto; }
math { font-size: 1.1em; }
th, td { padding: 0.3rem 1.2rem 0.3rem 0; text-align: left; vertical-align: top; }
</style>
</head>
<body>
BODY</body>
</html>
"""
