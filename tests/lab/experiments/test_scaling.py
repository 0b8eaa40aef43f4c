"""The scaling experiment: structure, formats, bad input, resuming, plot and files."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import admodes as ad
from admodes.lab.experiments import estimates, scaling_files, scaling_plot, slopes
from admodes.lab.experiments.families import FAMILIES
from admodes.lab.experiments.measuring import WAYS
from admodes.lab.experiments.plans import plan
from admodes.lab.experiments.scaling import scale
from admodes.views import figures

QUICK = {"n": [1, 2, 5], "length": [1, 2]}


@pytest.fixture(scope="module")
def result():
    return scale(QUICK, repeats=2, functions=["speelpenning", "stencil"])


def points(result):
    return [(e, p) for e in result.experiments for p in e.points]


class TestStructure:
    def test_n_varies_then_m_then_the_length(self):
        found = [(s.subject.name, s.varied, s.values) for s in plan(["dense"], [4, 2, 4])]
        assert found == [("dense", varied, (2, 4)) for varied in ("n", "m", "length")]
        assert {s.subject.name for s in plan(None, None)} == set(FAMILIES)

    def test_counts_are_those_of_ad_count(self, result):
        for e, p in points(result):
            case = FAMILIES[e.function].case(p.sizes)
            c = ad.count(case.traced, *case.args)
            found = p.operations
            assert (found["f"], found["partials"]) == (c.f, c.partials)
            assert {mode: found[mode] for mode in ("forward", "reverse")} == c.totals
            assert (p.length, p.inputs, p.outputs) == (c.length, *c.sweeps.values())
            assert {k: p.bytes[k] for k in c.memory} == c.memory

    def test_moves_are_counted_by_kind_and_are_no_part_of_totals_and_ratios(self):
        def f(n):
            return (lambda x: np.sum(np.roll(x, 1, axis=0) * x)), np.ones((n, 2))

        found = scale([2, 3], repeats=None, functions=[f])
        for _, p in points(found):
            args = (np.ones((p.value, 2)),)
            c = ad.count(lambda x: np.sum(np.roll(x, 1, axis=0) * x), *args)
            assert p.operations["f"]["moves"] == c.f["moves"] > 0
            assert p.totals["f"] == sum(n for kind, n in c.f.items() if kind != "moves")
            assert {mode: p.ratio(mode) for mode in c.ratio} == pytest.approx(c.ratio)
            assert p.bound == [4 * p.totals["f"], 5 * p.totals["f"]]
        data = found.to_dict()["experiments"][0]["points"][0]
        assert data["operations"]["f"]["total"] == data["totals"]["f"]
        assert "sum: all but moves of entries" in str(found)

    def test_times_and_their_spread(self, result):
        for _, p in points(result):
            for way in WAYS:
                t = p.time(way)
                if p.records[f"time of {way}"]["status"] == "ok":
                    assert 0 < t.lower <= t.median <= t.upper
                    assert len(t.samples) == 2
            ratio = p.time_ratio("reverse")
            assert 0 < ratio["lower"] <= ratio["median"] <= ratio["upper"]

    def test_theory_is_proportional_to_the_count(self, result):
        for e, p in points(result):
            for mode in ("forward", "reverse"):
                if p.costs[mode]:
                    rate = e.seconds_per_operation(mode)
                    assert e.predicted(mode, p) == pytest.approx(rate * p.costs[mode])

    def test_where_the_modes_cross(self):
        e, m = scale({"n": [2, 16], "m": [2, 16]}, repeats=None, functions=["stencil"]).experiments
        assert 3 < e.crossover("exact") < 5  # m = 4
        assert 6 < m.crossover("exact") < 10  # n = 8
        assert e.crossover("measured") is None


class TestFits:
    def test_against_a_least_squares_fit(self):
        rng = np.random.default_rng(5)
        xs = [1, 2, 4, 8, 16, 32]
        ys = [3 * x**1.5 * math.exp(e) for x, e in zip(xs, rng.normal(0, 0.1, 6), strict=True)]
        stats = pytest.importorskip("scipy.stats")
        right = stats.linregress(np.log(xs), np.log(ys))
        half = stats.t.ppf(0.975, 4) * right.stderr
        found = slopes.fit(xs, ys)
        assert found == pytest.approx(
            (right.slope, right.slope - half, right.slope + half), rel=1e-3
        )

    def test_what_has_no_place_is_left_out(self):
        assert slopes.fit([1, 2, 4], [None, 0.0, 1.0]) is None
        assert slopes.fit([1, 2, 4], [None, 2.0, 4.0]).slope == pytest.approx(1.0)
        assert slopes.crossover([1, 2, 4], [1.0, None, 4.0], [2.0, 2.0, 2.0]) == pytest.approx(2.0)
        assert slopes.crossover([1, 2], [1.0, 2.0], [1.0, 1.0]) == 1.0
        assert slopes.crossover([1, 2], [1.0, 2.0], [3.0, 3.0]) is None


class TestFormats:
    @pytest.mark.parametrize("format", ["text", "markdown", "latex", "html"])
    def test_tables(self, result, format):
        text = result.to_table(format)
        for words in ("Speelpenning", "Stencil, more length (n = 8", "Baur", "multiplications"):
            assert words in text

    def test_text_fits_a_terminal(self, result):
        assert str(result) == result.to_table("text")
        assert max(map(len, str(result).splitlines())) <= 80

    def test_json_is_whole(self, result):
        data = json.loads(result.to_json())
        assert data == json.loads(result.to_table("json")) == result.to_dict()
        assert data["schema"] == "admodes.scaling/2"
        assert set(data["machine"]) >= {"python", "cpu", "cores"}
        first = data["experiments"][0]
        assert first["slopes"]["exact"]["forward"] == pytest.approx(1.0, abs=0.01)
        assert set(first["slopes"]) == {"exact", "measured", "confidence", "theory"}
        assert set(first["crossover"]) == {"exact", "measured"}
        p = first["points"][2]
        assert (p["n"], p["m"], p["length"], p["sizes"]["n"]) == (5, 1, 4, 5)
        assert p["operations"]["reverse"] == {"multiplications": 8, "total": 8}
        assert p["times"]["f"]["rounds"] == 2
        assert p["bound"] == [16, 20]
        assert p["cells"]["exact"] == {"status": "ok", "reason": None}

    def test_csv_is_one_line_a_size(self, result):
        lines = list(csv.DictReader(io.StringIO(result.to_table("csv"))))
        assert len(lines) == 2 * (3 + 2)
        assert (lines[2]["function"], lines[2]["n"], lines[2]["m"]) == ("speelpenning", "5", "1")
        assert lines[2]["forward_multiplications"] == "40"
        median = result.experiments[0].points[2].seconds("f")
        assert float(lines[2]["f_seconds_median"]) == median


def cells(result, value):
    return next(p for _, p in points(result) if p.value == value).cells()


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"sizes": []}, "whole numbers from 1"),
            ({"sizes": {}}, "sizes is empty"),
            ({"sizes": [0, 2]}, "whole numbers from 1"),
            ({"sizes": [2.5]}, "whole numbers from 1"),
            ({"sizes": {"k": [2]}}, "choose from n, m, length"),
            ({"repeats": 0}, "at least 1"),
            ({"functions": ["speelpening"]}, "choose from speelpenning, dense"),
            ({"functions": []}, "choose from speelpenning, dense"),
            ({"functions": [lambda n: None]}, "needs sizes"),
            ({"functions": [lambda n, k: None], "sizes": [1]}, "also takes k"),
            ({"functions": [lambda n: None], "sizes": {"k": [1]}}, "choose from n"),
            ({"functions": ["dense"], "sizes": [10**12]}, "would take about .* of memory"),
        ],
    )
    def test_misuse(self, options, message):
        with pytest.raises(ValueError, match=message):
            scale(**options)

    def test_a_function_that_fails_gives_nan_or_never_ends_is_a_cell(self):
        def f(n):
            def g(x):
                if n == 2:
                    raise RuntimeError("no two")
                if n == 4:
                    return math.nan * x[0]
                if n == 8:
                    time.sleep(60)
                return x[0] * x[-1]

            return g, [1.0 + i for i in range(n)]

        found = scale([1, 2, 4, 8, 16], repeats=None, functions=[f], limit=0.3)
        assert {c["status"] for v in (1, 16) for c in cells(found, v).values()} == {"ok"}
        reasons = {v: {c["reason"] for c in cells(found, v).values()} for v in (2, 4, 8)}
        assert reasons == {
            2: {"RuntimeError: no two"},
            4: {"f gives nan at this point (output 1)"},
            8: {"took longer than the limit of 0.3 s"},
        }
        assert "n = 2, exact, symbolic: failed: RuntimeError: no two" in str(found)
        json.loads(found.to_json())

    def test_a_derivative_that_is_wrong_or_not_finite_has_no_time(self):
        def f(n):
            return (lambda x: ad.sqrt(x[0] - 1.0) + x[1] * abs(x[-1])), [1.0 + i for i in range(n)]

        found = scale([3], repeats=1, functions=[f])
        assert cells(found, 3)["time of reverse"]["reason"] == "gives inf in the Jacobian"

        def g(n):
            return (lambda x: np.abs(x[0]) + x[1] ** 2), [1.0 + i for i in range(n)]

        way = cells(scale([2], repeats=1, functions=[g]), 2)["time of complex_step"]
        assert way["status"] == "failed"
        assert "differs from forward mode by" in way["reason"]

    def test_what_is_no_function_with_arguments(self):
        found = scale([1, 2], repeats=None, functions=[lambda n: n])
        assert "has to return (function, arguments)" in cells(found, 1)["exact"]["reason"]

    def test_large_sizes_are_refused_before_they_start_and_the_others_go_on(self):
        started = []

        def f(n):
            started.append(n)
            return (lambda x: math.prod(x[1:], start=x[0])), [1.0] * n

        found = scale([2, 4, 10**12], repeats=None, functions=[f])
        assert max(started) == 4
        cell = cells(found, 10**12)["exact"]
        assert cell["status"] == "refused"
        assert "n = 1000000000000 would take about" in cell["reason"]
        assert found.experiments[0].slopes()["exact"]["forward"] == pytest.approx(1.0)

    def test_the_estimate_is_near_what_is_taken(self):
        (sweep,) = plan(["stencil"], {"n": [2000, 4000], "length": [4]})
        found = estimates.refusals(sweep, available=10**6)
        assert set(found) == {2000, 4000}
        # About 4 × 2000 cells × 10 operations, 1000 bytes each.
        assert "2000 would take about 74.5 MiB" in found[2000]
        assert estimates.refusals(sweep, available=10**10) == {}

    def test_a_few_rows_of_large_arrays_are_refused_too(self):
        def f(n):
            return (lambda x: np.sum(np.outer(x, x))), np.ones(n)

        found = scale([10, 10**6], repeats=None, functions=[f])
        assert cells(found, 10)["exact"]["status"] == "ok"
        assert cells(found, 10**6)["exact"]["status"] == "refused"

    @pytest.mark.parametrize("wrong", ["raises", "exits", "does not end"])
    def test_a_function_that_fails_before_sizes_are_estimated_is_a_word_in_its_cells(
        self, capsys, wrong
    ):
        def f(n):
            print("begun")
            if wrong == "exits":
                raise SystemExit(3)
            while wrong == "does not end":
                pass
            return (lambda x: unknown_name * x[0]), [1.0] * n  # noqa: F821

        found = scale([2, 2000], repeats=None, functions=[f], limit=0.2)
        statuses = {(cells(found, n)["exact"]["status"]) for n in (2, 2000)}
        assert statuses == {"timeout" if wrong == "does not end" else "failed"}
        out, err = capsys.readouterr()
        assert out == ""
        assert "begun" in err

    def test_a_family_without_so_few_inputs_says_so(self):
        found = scale({"n": [1, 2]}, repeats=None, functions=["small-network"])
        assert "needs n of at least 2" in cells(found, 1)["exact"]["reason"]
        assert cells(found, 2)["exact"]["status"] == "ok"


class TestResuming:
    def test_points_are_measured_once(self, tmp_path):
        calls = []

        def f(n):
            calls.append(n)
            return (lambda x: x[0] * x[-1]), [1.0] * n

        options = {"functions": [f], "results": tmp_path / "a.jsonl"}
        first = scale([1, 2], repeats=1, **options)
        before = list(calls)
        again = scale([1, 2], repeats=1, **options)
        assert calls == before
        assert again.to_dict() == first.to_dict()
        scale([1, 2, 3], repeats=1, **options)
        assert set(calls[len(before) :]) == {3}
        # Another number of rounds measures times again, and counts nothing again.
        calls.clear()
        scale([1], repeats=2, **options)
        assert len(calls) == len(WAYS)

    def test_a_file_that_was_cut_off_is_said(self, tmp_path):
        path = tmp_path / "a.jsonl"
        options = {"functions": ["speelpenning"], "results": path, "repeats": None}
        scale({"n": [2, 3]}, **options)
        path.write_bytes(path.read_bytes()[:-20])
        found = scale({"n": [2, 3]}, **options)
        assert "last line was cut off" in found.notes[0]
        # Where lines are broken depends on how long the path is.
        assert "last line was cut off" in " ".join(str(found).split())
        assert {c["status"] for v in (2, 3) for c in cells(found, v).values()} == {"ok"}


class TestPlot:
    def test_png_and_svg(self, result, tmp_path):
        path = scaling_plot.plot(result, tmp_path / "scaling.png")
        assert path.read_bytes().startswith(b"\x89PNG")
        first, second = (scaling_plot.plot(result, tmp_path / f"{k}.svg") for k in "ab")
        assert first.read_bytes() == second.read_bytes()
        text = first.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag.endswith("svg")
        for words in (
            "forward mode",
            "reverse mode",
            "complex step",
            "bound",
            "Stencil",
            "more length",
        ):
            assert words in text

    def test_two_panels_for_each_experiment_and_logarithmic_axes(self, result):
        _, figure_class = figures.matplotlib_parts()
        axes = [a for a in scaling_plot._figure(result, figure_class).axes if a.get_visible()]
        assert len(axes) == 2 * len(result.experiments)
        assert {(ax.get_xscale(), ax.get_yscale()) for ax in axes} == {("log", "log")}

    def test_unknown_extension(self, result, tmp_path):
        with pytest.raises(ValueError, match=r"\.png, \.svg"):
            scaling_plot.plot(result, tmp_path / "scaling.doc")

    def test_a_plot_that_fails_leaves_nothing(self, result, tmp_path, monkeypatch):
        _, figure_class = figures.matplotlib_parts()
        monkeypatch.setattr(figure_class, "savefig", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            scaling_plot.plot(result, tmp_path / "scaling.png")
        assert not list(tmp_path.iterdir())


class TestReports:
    NAMES = ("scaling.json", "scaling.csv", "scaling.md", "scaling.svg", "scaling.png")

    def test_everything_is_written(self, result, tmp_path):
        folder = tmp_path / "new" / "reports"
        paths = scaling_files.write_reports(folder, result)
        assert [p.name for p in paths] == list(self.NAMES)
        assert sorted(p.name for p in folder.iterdir()) == sorted(self.NAMES)
        assert json.loads(paths[0].read_text(encoding="utf-8")) == result.to_dict()
        assert paths[2].read_text(encoding="utf-8") == result.to_table("markdown")

    def test_without_matplotlib_the_figures_are_there(self, result, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(RuntimeError, match=r"pip install 'admodes\[plots\]'") as caught:
            scaling_files.write_reports(tmp_path, result)
        assert "\n" not in str(caught.value)
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted(self.NAMES[:3])

    def test_pyperf_reads_its_file(self, result, tmp_path):
        pyperf = pytest.importorskip("pyperf")
        path = scaling_files.write_pyperf(tmp_path / "a.json", result)
        suite = pyperf.BenchmarkSuite.load(str(path))
        name = "speelpenning, n: m=1, length=1, n=5: reverse"
        benchmark = suite.get_benchmark(name)
        assert list(benchmark.get_values()) == list(
            result.experiments[0].points[2].time("reverse").samples
        )

    def test_nothing_timed(self, tmp_path):
        found = scale({"n": [2]}, repeats=None, functions=["speelpenning"])
        with pytest.raises(ValueError, match="nothing was timed"):
            scaling_files.write_pyperf(tmp_path / "a.json", found)
