"""The mistakes of published documents, typed in as they print them, are found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes.problems.ubc import NETWORK

PUBLISHED = Path(__file__).parents[1] / "data" / "published"
UBC = ad.parse("exp(2*x2) + x1*sin(3*x2^2)", "x1*x2 + sigmoid(x2)", inputs=["x1", "x2"])


def cells(name, *arguments):
    return ad.audit(PUBLISHED / name, *arguments).to_dict()["cells"]


def one(found):
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("name", ["ubc.md", "ubc.tex"])
def test_the_tables_of_ubc(name):
    audited = cells(name, UBC, 2.0, 1.0)
    assert len(audited) == 14 + 14 + 14 + 12 + 12 + 4

    sign, slip = (c for c in audited if c["verdict"] == "wrong")
    assert (sign["given"], sign["cause"][0]) == ("5.940", "sign")
    assert sign["right"] == pytest.approx(-5.9399549796)
    assert sign["table"] == 2
    assert (slip["given"], slip["right"], slip["table"]) == ("0", 1, 3)
    assert {*slip["cause"]} & {"addition slip", "digit slip"}
    assert "rule" not in slip["cause"]

    follows = one([c for c in audited if c["verdict"] == "follows"])
    assert follows["given"] == "11.880"
    assert follows["because_of"] == {key: sign[key] for key in ("table", "row", "column")}

    told = one([c for c in audited if c["verdict"] != "wrong" and c["cause"]])
    assert (told["given"], told["verdict"], told["cause"]) == ("2.898", "right", ["sign"])


@pytest.mark.parametrize("name", ["ubc_network.md", "ubc_network.tex"])
def test_the_adjoints_of_a_network_in_symbols(name):
    point = [np.array(value) for value in NETWORK.at.values()]
    audited = cells(name, NETWORK.code, *point)
    wrong = one([c for c in audited if c["verdict"] in ("wrong", "follows")])
    assert wrong["given"] in ("r + W2ᵀ Ē", r"r + W_2^T \bar{E}")
    assert wrong["right"] == "r + W2ᵀ ȳ"
    assert any("ȳ" in cause and "Ē" in cause for cause in wrong["cause"])


@pytest.mark.parametrize("name", ["graduating.md", "graduating.tex"])
def test_the_rules_of_graduating_autograd(name):
    z = ad.parse("ln(x1*x2)*sin(x2)", inputs=["x1", "x2"])
    audited = cells(name, z, 1.0, 2.0) if name.endswith("md") else cells(name)
    wrong = one([c for c in audited if c["verdict"] in ("wrong", "follows")])
    assert "cos x" in wrong["given"]
    assert wrong["right"] == "cos x"
    assert wrong["cause"][0] == "sign"
