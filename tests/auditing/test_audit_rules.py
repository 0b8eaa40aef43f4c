"""A rule of differentiation is judged without a function and without a point, however it is set."""

from __future__ import annotations

import pytest

import admodes as ad

MISTAKEN = [
    "d/dx sin x = −cos x\n",
    "Some text.\n\nd/dx sin x = −cos x\n\nd/dx cos x = −sin x\n",
    "- d/dx sin x = −cos x\n- d/dx ln x = 1/x\n",
    "| d/dx sin x = −cos x |\n",
    "| d/dx sin x = −cos x |\n|---|\n",
    "| rule |\n|---|\n| d/dx sin x = −cos x |\n",
    "| d/dx cos x = −sin x | d/dx sin x = −cos x |\n|---|---|\n",
    "| f | derivative |\n|---|---|\n| d/dx sin x | −cos x |\n| ln x | 1/x |\n",
    "| f | f' |\n|---|---|\n| sin x | −cos x |\n",
    "\\[ \\frac{d}{dx} \\sin x = -\\cos x \\]\n",
    "\\begin{align*}\n\\frac{\\partial}{\\partial x} \\sin x &= -\\cos x\n\\end{align*}\n",
    "\\begin{tabular}{ll} $\\frac{d}{dx} \\sin x$ & $-\\cos x$ \\\\ \\end{tabular}\n",
]


@pytest.mark.parametrize("text", MISTAKEN)
def test_a_lost_sign_is_found_and_right_rules_beside_it_are_not(text):
    audited = ad.audit(text).to_dict()["cells"]
    wrong = [cell for cell in audited if cell["verdict"] != "right"]
    assert [(cell["right"], cell["verdict"], cell["cause"][0]) for cell in wrong] == [
        ("cos x", "wrong", "sign")
    ]
