"""Documents that are broken, huge or hostile: an error of one line or tables, never a traceback,
never code that runs, and work that is bounded by stated limits."""

import json

import pytest

from admodes.auditing.drafts import MOST_CELLS, MOST_CHARACTERS
from admodes.auditing.function_of_rows import function_of_rows
from admodes.auditing.reading import MOST_BYTES, tables_of
from admodes.errors import BadValue

N = 20_000
HOSTILE = {
    "commas": "," * N,
    "pipes": "|" * N + "\n|---|\n" + "|" * N,
    "rules": "|---|---|\n" * N,
    "dashes": "--- " * N + "\n" + "---\n" * N,
    "dollars and code": "|a|b|\n|-|-|\n|" + "$|`" * N,
    "emphasis": "|a|b|\n|-|-|\n|" + "**a _b " * N,
    "fences": "```\n" * N,
    "quotations": "> " * N,
    "open cells": "<table>" + "<tr><td>1" * 500 + "<td>",
    "open tables": "<table>" * N,
    "open elements": "<div>" * N + "<table><tr><td>1",
    "unmatched ends": "<table><tr><td>" + "<b>" * N + "</i>" * N,
    "comments": "<table>" + "<!--" * N,
    "declarations": "<table>" + "<!<?" * N,
    "open tags": "<table><tr><td a='" * N,
    "scripts": "<table><script>" * N,
    "colspan": "<table><tr><td colspan=1000000000>1<td>2</table>",
    "rowspan": "<table><tr><td rowspan=1000000000>1<td>2<tr><td>3</table>",
    "entities": '<!DOCTYPE x [<!ENTITY b "&a;&a;">]><table><tr><td>&b;<td>1</table>',
    "deep MathML": "<table><tr><td><math>" + "<mfrac>" * N + "<mn>1</mn>",
    "deep indices": "<table><tr><td>" + "<sub>" * N + "1<td>2",
    "open environments": r"\begin{tabular}{ll}" * N,
    "braces": r"\begin{tabular}{ll}" + "{" * N + "&1",
    "arguments": r"\begin{tabular}{l}" + r"\cmidrule(lr){\multicolumn{1}{\multirow{" * N + "&1",
    "spans": r"\begin{tabular}{l}\multicolumn{1000000000}{l}{3}&4\\\end{tabular}",
    "displays": "$$" * N + r"\[" * N,
    "deep matrices": "$$J=" + r"\begin{pmatrix}" * N,
    "deep fractions": "a,b\n" + r"\frac" * 2000 + ",1\n",
    "deep powers": "a,b\nx^" + "-" * 5000 + ",1\n" + "x^" * 4000 + ",1\n",
    "roots": "a,b\n" + "√" * 5000 + ",1\n",
    "numbers": "a;b\nx × 10^99999999999;1\n1e999999;" + "9" * 5000 + "\n",
    "accents": "a,b\nv" + "\u0304" * 5000 + ",1\n",
    "quotation mark": '"' * (N + 1) + ",1\n1,2",
    "blanks": " " * N + "a\n" + "\t" * N,
    "lengths": "v0 = x1,2\n,,,,,\nv1\nv2 = 3 v0,6,,7\n",
    "deep JSON": '{"a":' * N,
    "odd notebook": json.dumps({"nbformat": 4, "cells": [1, None, {"outputs": [{"data": 5}, 6]}]}),
    "names": "a = 1\naa = 1\ny = " + "a" * 5000 + "b\n",
}


def outcome(document: str) -> str:
    """What reading a document comes to: its cells and its function, or an error."""
    try:
        tables = tables_of(document)
        cells = sum(len(table.rows) * len(table.rows[0]) for table in tables)
        assert 0 < cells <= MOST_CELLS
        return str(function_of_rows(tables))
    except BadValue as error:
        return str(error)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_gives_tables_or_one_line(name):
    text = outcome(HOSTILE[name])
    assert "\n" not in text
    assert 0 < len(text) < 400


def test_limits_are_those_that_the_errors_state(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(50 * 2**20)  # a file of 50 MiB that takes no room
    with pytest.raises(BadValue, match=r"has 50 MiB: files of up to 16 MiB are read"):
        tables_of(path)
    assert MOST_BYTES == 16 * 2**20
    with pytest.raises(BadValue, match=r"up to 2,097,152 are read"):
        tables_of("v0 = x1,2\n" * (MOST_CHARACTERS // 10 + 1))
    with pytest.raises(BadValue, match="more than 100,000 cells"):
        tables_of("1,2,3\n" * 40_000)
    with pytest.raises(BadValue, match="up to 1,000 rows"):
        function_of_rows(tables_of("".join(f"v{k} = 2 x,{k}\n" for k in range(1001))))


def test_nothing_in_a_document_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "__import__('pathlib').Path('ran').write_text('x')"
    document = f'E,V\n"=HYPERLINK(""http://x"", 1)",2\n"v0 = {code}",1\nv1 = v0 + 1,2\n=1+2,3\n'
    tables = tables_of(document)
    assert [cell.written for cell in tables[0].rows[0]] == ['=HYPERLINK("http://x", 1)', "2"]
    with pytest.raises(BadValue, match="cannot be read"):
        function_of_rows(tables)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04 a spreadsheet", "is no text"),
        (b"%PDF-1.7 a page", "is no text"),
        (b"a,b\0\n1,2\n", "is no text"),
        (b"", "no table can be read"),
        (b"\xff\xfe\x00\xd8", "no table can be read"),
        (b"\xef\xbb\xbf", "no table can be read"),
    ],
)
def test_what_is_no_table_is_said_in_one_line(tmp_path, data, message):
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(BadValue, match=message) as error:
        tables_of(path)
    assert "\n" not in str(error.value)


def test_a_path_that_cannot_be_read(tmp_path):
    with pytest.raises(BadValue, match=r"none\.csv cannot be read: No such file"):
        tables_of(tmp_path / "none.csv")
    with pytest.raises(BadValue, match="cannot be read: Is a directory"):
        tables_of(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "tabelle.csv"
    path.write_bytes("Größe;Wert\r\nv0 = x1;0,5\r\n".encode(encoding))
    (table,) = tables_of(path)
    assert [cell.text for cell in table.head] == ["Größe", "Wert"]
    assert [cell.text for cell in table.rows[0]] == ["v0 = x1", "0.5"]
