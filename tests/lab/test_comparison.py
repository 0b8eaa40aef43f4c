"""ad.compare with adapters of these tests, which need no library: statuses, reasons, counts, and
what one backend that misbehaves does to the others."""

import json
import math
import os
import signal
import sys
import textwrap
import time

import numpy as np
import pytest

import admodes as ad
from admodes.lab.adapters import Adapter, NotOffered
from admodes.lab.adapters.adapter import UNCHANGED, UNROLLED
from admodes.lab.children import descendants

A = np.array([[1.0, 2.0, 0.5], [0.25, -1.0, 3.0]])
X = np.array([0.5, -0.25, 1.5])
KEYS = (
    "backend version operator route status reason error_ulp error_relative calls_of_f first_s "
    "time_s spread ratio_to_f operations peak_bytes break_even_calls"
)


def loss(x):
    return np.sum(np.tanh(A @ x) ** 2)


def slope(x):
    t = np.tanh(A @ x)
    return A.T @ (2 * t * (1 - t**2))


class Mine(Adapter):
    """One that does what a function of these tests says, in its process."""

    def __init__(self, backend, job, **facts):
        self.backend, self.job = backend, job
        vars(self).update(facts)

    def prepare(self, scenario):
        return lambda: self.job(scenario)


def by_hand(scenario):
    return slope(*scenario.args)


def kills(scenario):
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(scenario):
    while True:
        pass


def eats(scenario):
    held = []
    while True:
        held.append(bytearray(1 << 22))


def declines(scenario):
    raise NotOffered("no such thing here")


def wrong(scenario):
    return slope(*scenario.args) * [1, 1, -1]


def dies_when_timed():
    calls = []

    def job(scenario):
        calls.append(1)
        if len(calls) > 4:
            os._exit(7)
        return by_hand(scenario)

    return job


def compared(*mine, f=loss, args=(X,), **options):
    backends = [Mine("by hand", by_hand), *mine, "admodes reverse"]
    options = {"rounds": 2, "memory": 1 << 28, "limit": 60.0} | options
    c = ad.compare(f, *args, backends=backends, **options)
    return c, {row.backend: row for row in c.rows}


def test_what_misbehaves_leaves_the_other_rows_standing():
    c, rows = compared(
        Mine("kills", kills),
        Mine("eats", eats),
        Mine("ends", lambda s: os._exit(3)),
        Mine("raises", lambda s: 1 / 0),
        Mine("declines", declines),
        Mine("dies", dies_when_timed()),
        Mine("missing", by_hand, package="no_such_package_here"),
        Mine("broken", by_hand, package="broken_package_of_tests"),
    )
    said = {name: (row.status, row.reason) for name, row in rows.items()}
    assert said["kills"] == ("failed", "was killed by SIGKILL")
    assert said["eats"][0] == "failed"
    assert "emory" in said["eats"][1]
    assert said["ends"] == ("failed", "ended itself with exit status 3")
    assert said["raises"] == ("failed", "ZeroDivisionError: division by zero")
    assert said["declines"] == ("failed", "no such thing here")
    assert said["dies"] == ("failed", "while it was timed: ended itself with exit status 7")
    assert said["missing"] == ("missing", "pip install no_such_package_here")
    for name in ("by hand", "admodes reverse"):
        assert said[name] == ("ok", None)
        assert rows[name].time_s > 0
        assert rows[name].spread[0] <= rows[name].time_s <= rows[name].spread[1]
    assert c.passed


def test_a_process_whose_work_has_failed_is_ended():
    def counts(scenario):
        deadline = time.monotonic() + 20
        while len(descendants(os.getppid())) > 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        raise NotOffered(f"{len(descendants(os.getppid()))} processes")

    failing = [Mine(f"raises {k}", lambda s: 1 / 0) for k in range(3)]
    _, rows = compared(*failing, Mine("counts", counts))
    # Those of f, of the two that are right, and of the one that counts.
    assert rows["counts"].reason == "4 processes"


def test_what_never_ends_has_its_time():
    _, rows = compared(Mine("hangs", hangs), limit=1.0)
    assert rows["hangs"].status == "timeout"
    assert rows["hangs"].reason == "did not end within 1 s"
    _, rows = compared(Mine("hangs", hangs, package="json"), limit=1.0)
    assert "json was imported in this process before" in rows["hangs"].reason
    assert rows["hangs"].version == json.__version__


@pytest.fixture(autouse=True)
def _broken_package(tmp_path, monkeypatch):
    (tmp_path / "broken_package_of_tests.py").write_text("raise RuntimeError('half installed')\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_package_that_cannot_be_imported_has_failed():
    _, rows = compared(Mine("broken", by_hand, package="broken_package_of_tests"))
    assert rows["broken"].status == "failed"
    assert rows["broken"].reason == (
        "broken_package_of_tests could not be loaded: RuntimeError: half installed"
    )
    assert rows["by hand"].status == "ok"


def test_a_wrong_gradient_is_named_by_its_first_entry():
    c, rows = compared(Mine("wrong", wrong))
    right = float(slope(X)[2])
    assert rows["wrong"].status == "wrong"
    named, there, here = (
        rows["wrong"].reason.replace(", not", "").split(" is ")[0],
        *(float(x) for x in rows["wrong"].reason.split(" is ")[1].split(", not ")),
    )
    assert named == "entry [2]"
    assert there == pytest.approx(-right)
    assert here == pytest.approx(right)
    assert rows["wrong"].time_s is None
    assert not c.passed


class TwoRoutes(Adapter):
    """A first route that is wrong or fails, and one that is right."""

    backend = "two routes"
    routes = (UNCHANGED, UNROLLED)

    def __init__(self, first, second):
        self.jobs = {UNCHANGED: first, UNROLLED: second}

    def function(self, scenario, route):
        job = self.jobs[route]
        return lambda *args: job(scenario)

    def prepare(self, scenario):
        return lambda: scenario.function(*scenario.args)


@pytest.mark.parametrize(
    ("first", "second", "status", "route", "words"),
    [
        (wrong, by_hand, "ok", UNROLLED, ["unchanged: entry [2]"]),
        (kills, by_hand, "ok", UNROLLED, ["unchanged: was killed by SIGKILL"]),
        (by_hand, kills, "ok", UNCHANGED, []),
        (declines, wrong, "wrong", UNROLLED, ["unchanged: no such", "unrolled: entry [2]"]),
        (wrong, declines, "wrong", UNROLLED, ["unchanged: entry [2]", "unrolled: no such"]),
    ],
)
def test_the_next_route_is_tried_and_all_reasons_are_kept(first, second, status, route, words):
    _, rows = compared(TwoRoutes(first, second))
    row = rows["two routes"]
    assert (row.status, row.route) == (status, route)
    assert (row.reason is None) == (not words)
    for word in words:
        assert word in row.reason


def test_calls_of_differences_and_the_complex_step_are_exact():
    c = ad.compare(loss, X, backends=["finite differences", "complex step"], rounds=1)
    calls = {row.backend: row.calls_of_f for row in c.rows if row.status == "ok"}
    n = len(X)
    assert calls["finite differences forward"] == n + 1
    assert calls["finite differences central"] == 2 * n
    assert calls["complex step"] == n


def test_the_contract_holds_its_keys_in_strict_json():
    c = ad.compare(loss, X, backends=["admodes", "finite differences forward"], rounds=2)
    data = json.loads(c.to_json())
    assert data["schema"] == "admodes.comparison/1"
    for row in data["rows"]:
        assert set(KEYS.split()) <= set(row)
        assert row["status"] == "ok"
        assert row["operator"] == "gradient"
        assert row["route"] == UNCHANGED
        assert row["error_relative"] < 1e-6
        assert row["ratio_to_f"] > 0
        assert row["peak_bytes"] > 0
        operations = dict(row["operations"])
        assert operations.pop("total") == sum(operations.values())
    forward, reverse, compiled, differences = data["rows"]
    assert max(r["error_ulp"] for r in (forward, reverse, compiled)) <= 4
    assert (forward["calls_of_f"], reverse["calls_of_f"], compiled["calls_of_f"]) == (1, 1, 0)
    counts = ad.count(loss, X)
    parts = (counts.f, counts.partials, counts.totals["reverse"])
    arithmetic = sum(n for part in parts for kind, n in part.items() if kind != "moves")
    assert reverse["operations"]["total"] == arithmetic
    once = sum(n for kind, n in counts.f.items() if kind != "moves")
    assert differences["operations"]["total"] == 4 * once
    assert data["break_even_against"] == "admodes reverse"
    assert reverse["break_even_calls"] is None
    assert compiled["break_even_calls"] is None or compiled["break_even_calls"] > 1


def several(x, n, y):
    """Integers are no inputs; the outputs are an array and a number."""
    return {"a": np.outer(x[:n], y["b"]), "c": y["b"] @ y["b"]}


@pytest.mark.parametrize("of", [None, "jacobian"])
def test_several_arguments_and_outputs_of_any_nesting(of):
    args = (X, 2, {"b": np.array([2.0, 3.0])})
    backends = ["admodes", "finite differences central", "complex step"]
    c = ad.compare(several, *args, backends=backends, of=of, rounds=1)
    assert (c.operator, c.inputs, c.outputs) == ("jacobian", 5, 5)
    assert [row.status for row in c.rows] == ["ok"] * 5, c


@pytest.mark.parametrize("of", ["hessian", "hvp"])
def test_second_derivatives(of):
    c = ad.compare(loss, X, of=of, backends=["admodes", "finite differences", "complex"], rounds=1)
    said = {row.backend: row for row in c.rows}
    for name in ("admodes forward", "admodes reverse", "admodes compiled"):
        assert said[name].status == "ok", said[name]
        assert said[name].error_ulp <= 4
    n = len(X)
    calls = {"hessian": (1 + n + n * (n + 1) // 2, 1 + 2 * n * n), "hvp": (2 * n + 2, 4 * n)}[of]
    assert said["finite differences forward"].calls_of_f == calls[0]
    assert said["finite differences central"].calls_of_f == calls[1]
    assert "by this method" in said["complex step"].reason


def test_a_function_that_gives_nan_says_so_in_its_rows():
    c = ad.compare(lambda x: np.log(x).sum(), -X, backends=["admodes", "complex step"], rounds=1)
    for row in c.rows:
        assert row.status == "failed"
        assert "f is nan at this point" in row.reason
    assert c.passed


def test_the_complex_step_refuses_what_is_not_analytic():
    def why(f):
        (row,) = ad.compare(f, X, backends=["complex step"], rounds=1).rows
        return row.status, row.reason

    assert why(lambda x: np.abs(x).sum())[1].startswith("unchanged: f has the operation abs, which")
    assert "compares" in why(lambda x: np.where(x > 0, x, 2 * x).sum())[1]
    assert why(lambda x: x[0] * 2 if x[0] > 0 else x[0])[0] == "failed"
    assert "decides by the value" in why(lambda x: x[0] * 2 if x[0] else x[0])[1]
    assert "eig, which is not" in why(lambda x: np.linalg.eig(np.outer(x, x) + A.T @ A)[0].sum())[1]
    assert "astype, which is not" in why(lambda x: np.sum(x**2).astype(np.float32))[1]
    # NumPy's norm of complex numbers is another function; that of the recorded program is not.
    (row,) = ad.compare(np.linalg.norm, X, backends=["complex step"], rounds=1).rows
    assert (row.status, row.route) == ("ok", UNROLLED)
    assert row.reason.startswith("unchanged: f has the operation root")


def test_without_a_reference_central_differences_judge():
    def unknown(x):
        return np.sum(np.fromiter((math.sin(float(v)) for v in x), float))

    c = ad.compare(unknown, X, backends=["admodes", "finite differences"], rounds=1)
    status = {row.backend: row.status for row in c.rows}
    assert c.reference == "central differences"
    assert "float" in c.notes[0]
    assert status["admodes reverse"] == "failed"
    assert status["finite differences forward"] == status["finite differences central"] == "ok"


def test_the_users_function_never_runs_in_this_process():
    ran = []

    def f(x):
        ran.append(1)
        return np.sum(x)

    assert ad.compare(f, X, backends=["admodes reverse"], rounds=1).rows[0].status == "ok"
    assert not ran


def test_a_derivative_that_is_complex_has_failed():
    _, rows = compared(Mine("complex", lambda s: by_hand(s) + 0j))
    assert (rows["complex"].status, rows["complex"].reason) == (
        "failed",
        "the result has complex numbers",
    )


def test_an_entry_point_is_a_row(tmp_path, monkeypatch):
    (tmp_path / "half_of_it.py").write_text(
        textwrap.dedent(
            """
            from admodes.lab.adapters import Adapter

            class Half(Adapter):
                backend = "half of it"
                def prepare(self, scenario):
                    gradient = scenario.derivative("reverse")
                    return lambda: tuple(g / 2 for g in gradient(*scenario.args))
            """
        )
    )
    info = tmp_path / "half_of_it-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: half-of-it\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[admodes.adapters]\nhalf = half_of_it:Half\n")
    monkeypatch.syspath_prepend(tmp_path)
    (row,) = ad.compare(loss, X, backends=["half of it"], rounds=1).rows
    assert row.status == "wrong"
    (info / "entry_points.txt").write_text("[admodes.adapters]\nhalf = half_of_it:__name__\n")
    sys.modules.pop("half_of_it")
    with pytest.raises(ad.Error, match=r"half .* is no Adapter"):
        ad.compare(loss, X)


def test_tables_fit_80_columns_and_have_more_in_120():
    c, _ = compared(Mine("wrong", wrong))
    narrow, wide = c.to_table(), c.to_table(width=120)
    assert max(map(len, narrow.splitlines())) <= 80
    assert max(map(len, wide.splitlines())) <= 120
    assert "Quartiles" in wide
    assert "Version" in wide
    assert narrow.count("Backend") == 2
    for text in (narrow, wide):
        assert "wrong: entry [2] is" in text
