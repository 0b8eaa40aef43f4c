"""Graphs read back from what is written of them, format by format: the text of every node by its
id, and of every edge by its ends. Nothing here is taken from the writers."""

import html
import itertools
import re
from typing import NamedTuple


class Read(NamedTuple):
    nodes: dict[str, str]
    edges: list[tuple[str, str, str]]

    def pairs(self):
        return sorted((a, b) for a, b, _ in self.edges)


def read_dot(text):
    nodes, edges = {}, []
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("digraph {", "}")
    for line in lines[1:-1]:
        if match := re.fullmatch(r"  (\w+) -> (\w+) \[label=(.*)\];", line):
            edges.append((match[1], match[2], _of_html(match[3])))
        elif match := re.fullmatch(r"  (\w+) \[shape=\w+, .*?, label=(<.*>)\];", line):
            nodes[match[1]] = _of_html(match[2])
        else:
            setting = r"(\w+ \[)?(\w+=(\w+|\"([^\"\\]|\\.)*\")(, )?)+\]?;"
            assert re.fullmatch(rf"  {setting}", line), line
    return Read(nodes, edges)


def _of_html(label):
    if label == '""':
        return ""
    parts = re.split(r"(<br/>|<font color=\"#[0-9a-f]{6}\">|</font>)", label[1:-1])
    assert not any(set(part.replace("\\\\", "")) & set("<>\\") for part in parts[::2])
    text = "".join("\n" if p == "<br/>" else p for p in parts if not p.endswith("font>"))
    return html.unescape(re.sub(r"<font .*?>", "", text)).replace("\\\\", "\\")


def read_mermaid(text):
    nodes, edges = {}, []
    first, *lines = [line for line in text.splitlines() if not line.startswith("%%")]
    assert re.fullmatch(r"flowchart (TB|BT)", first)
    for line in lines:
        if match := re.fullmatch(r'  (\w+) -->(?:\|"([^"]*)"\|)? (\w+)', line):
            edges.append((match[1], match[3], _of_codes(match[2] or "")))
        elif match := re.fullmatch(r'  (\w+)[(\[]+"([^"]*)"[)\]]+:::\w+', line):
            nodes[match[1]] = _of_codes(match[2])
        else:
            assert re.fullmatch(r"  classDef \w+ [\w:#,]+", line), line
    return Read(nodes, edges)


def _of_codes(label):
    lines = label.split("<br>")
    assert not any(set(re.sub(r"#\d+;", "", line)) & set('<>"`#;&\\*~$%{}|') for line in lines)
    return re.sub(r"#(\d+);", lambda m: chr(int(m[1])), "\n".join(lines))


def read_tikz(text):
    nodes, edges = {}, []
    lines = iter(text[text.index(r"\begin{tikzpicture}") :].splitlines()[1:])
    for line in itertools.takewhile(lambda line: line != r"\end{tikzpicture}", lines):
        number = r"-?[\d.]+"
        at = rf"\({number},{number}\)"
        if match := re.fullmatch(rf"\\node\[\w+ node, .*?\] \((\w+)\) at {at} {{(.*)}};", line):
            nodes[match[1]] = _of_tex(match[2])
        elif match := re.fullmatch(rf"\\path\[graph edge\] {at}.*; % (\w+) -> (\w+)", line):
            edges.append((match[1], match[2], ""))
        else:
            match = re.fullmatch(rf"\\node\[graph label, anchor=west\] at {at} {{(.*)}};", line)
            assert match, line
            if "$" in match[1]:
                edges[-1] = (*edges[-1][:2], _of_tex(match[1]))
    return Read(nodes, edges)


_COMMANDS = {
    *(
        "bar",
        "overline",
        "mathit",
        "mathrm",
        "frac",
        "partial",
        "times",
        "infty",
        "sin",
        "cos",
        "ln",
        "dots",
    ),
    *("top", "odot", "left", "right", "sqrt", "text", "texttt", "operatorname", "max", "cdot"),
    *("textbackslash", "textasciitilde", "textasciicircum", "sigma", "exp", "log", "tanh", "sum"),
    *("Vert", "Sigma", "to", "hat", "ensuremath", "mathbf", "tan", "min", "Pi", "prod"),
    *("backslash", "tfrac", "cosh"),
}


def _of_tex(label):
    """The lines of a label. The commands in it are those of formulas, and braces are paired."""
    commands = set(re.findall(r"\\([A-Za-z]+)", re.sub(r"\\textcolor{\w+}", "", label)))
    assert commands <= _COMMANDS, commands - _COMMANDS
    bare = re.sub(r"\\[^A-Za-z]", "", label)
    assert bare.count("{") == bare.count("}")
    assert not set(bare) & set("%#&~") | (set(bare) - set(map(chr, range(32, 127))))
    shown = []
    for line in label.split(r"\\ "):
        match = re.fullmatch(r"\\textcolor{\w+}{\$(.*)\$}", line)
        assert match, label
        text = re.sub(r"\\mathit{(.*?)}", r"\1", match[1])
        text = re.sub(r"\\hat{(\w)}", "\\1\u0302", text)
        text = re.sub(r"\\bar{(\w\u0302?)(\w*)}", "\\1\u0304\\2", text)
        text = re.sub(r"\\overline{([\w\\]+)}((?:_{\w*})?)", r"adj(\1\2)", text)
        text = re.sub(r"([\d.]+) \\times 10\^{(-?)(\d+)}", _scientific, text)
        text = text.replace(r"\mathrm{nan}", "nan").replace(r"\infty", "inf").replace(r"\_", "_")
        shown.append(re.sub(r"_?{([\w-]*)}", r"\1", text))
    return "\n".join(shown)


def _scientific(match):
    return f"{match[1]}e{match[2] or '+'}{match[3]:0>2}"


READ_AT = "├┼┤╰┴╯"
GOES_ON = "├┼┤│"
MARKS = "○·●◆◇◉"


def read_text(text, ids):
    """The lanes as they are drawn, with the ids of the nodes in the order of the lines. What stands
    at edges is read with the node to which they lead."""
    lines = text.splitlines()
    head = next(k for k, line in enumerate(lines) if re.match(r" +Row\b", line))
    margin = lines[head].index("Row")
    step = 2 if all(set(line[1:margin:2]) <= set("─ ") for line in lines[head + 1 :]) else 1
    nodes, edges, held, name, ids = {}, [], {}, "", list(ids)
    for line in lines[head + 1 :]:
        cells = dict(enumerate(line[: margin - 1 : step].ljust(margin)))
        held = {lane: node for lane, node in held.items() if cells[lane] not in " ─"}
        marks = [lane for lane, sign in cells.items() if sign in MARKS]
        if not marks:
            nodes[name] += f" {line[margin:].strip()}"
            continue
        (mine,), name = marks, ids.pop(0)
        nodes[name] = line[margin:]
        read = {lane for lane, sign in cells.items() if sign in READ_AT} | {mine} & held.keys()
        edges += [(held[lane], name, "") for lane in sorted(read)]
        held = {k: v for k, v in held.items() if cells[k] in GOES_ON} | {mine: name}
    assert not ids
    return Read(nodes, edges)
