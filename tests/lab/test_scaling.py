"""The scaling experiment: structure, exact counts, formats, plot, files. No limits on time."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import admodes as ad
from admodes.lab import plot, reports, scaling, timing
from admodes.lab import scaling_result as scaled
from admodes.views import figures, files

SIZES = (1, 2, 5)


@pytest.fixture(scope="module")
def result():
    return scaling.scale(sizes=SIZES, repeats=2)


def points(result):
    return [(e, p) for e in result.experiments for p in e.points]


class TestFunctions:
    def test_every_output_of_the_dense_map_depends_on_every_input(self):
        x = [0.2, -0.4, 0.6]
        forward, reverse = (
            np.array(ad.jacobian(scaling.dense(3, 5), mode=mode)(x)) for mode in scaled.MODES
        )
        assert forward.shape == (5, 3)
        assert (np.abs(forward) > 1e-4).all()
        np.testing.assert_allclose(forward, reverse, rtol=1e-12)
        # More than copies of one function.
        assert np.linalg.matrix_rank(forward) == 3

    def test_the_plain_version_is_the_same_function(self):
        x = [0.2, -0.4, 0.6]
        assert scaling.dense(3, 2)(x) == scaling.dense(3, 2, sine=math.sin)(x)

    def test_product(self):
        assert scaling.speelpenning([2.0, 3.0, 7.0]) == 42.0


class TestStructure:
    def test_n_varies_then_m(self, result):
        found = [(e.function, e.varied, e.fixed) for e in result.experiments]
        assert found == [
            ("speelpenning", "n", {"m": 1}),
            ("dense", "n", {"m": scaling.FIXED_OUTPUTS}),
            ("dense", "m", {"n": scaling.FIXED_INPUTS}),
        ]
        for e in result.experiments:
            assert [getattr(p, e.varied) for p in e.points] == list(SIZES)
            for p in e.points:
                assert all(getattr(p, k) == v for k, v in e.fixed.items())
                assert p.sweeps == {"forward": p.n, "reverse": p.m}

    def test_counts_are_those_of_ad_count(self, result):
        for e, p in points(result):
            f = scaling.speelpenning if e.function == "speelpenning" else scaling.dense(p.n, p.m)
            c = ad.count(f, [0.5] * p.n)
            assert p.counts == {"f": c.f, "partials": c.partials, **c.totals}
            assert p.length == c.length

    def test_product_by_formula(self, result):
        for p in result.experiments[0].points:
            n = p.n
            assert p.totals == {
                "f": n - 1,
                "partials": 0,
                "forward": 3 * n * (n - 1),  # two multiplications and an addition a factor
                "reverse": 2 * (n - 1),
            }
            assert p.ratio("reverse") == (3.0 if n > 1 else None)

    def test_costs_and_bound(self, result):
        for _, p in points(result):
            assert p.costs["reverse"] == sum(p.totals[k] for k in ("f", "partials", "reverse"))
            assert p.bound == (4 * p.m * p.totals["f"], 5 * p.m * p.totals["f"])
            assert p.costs["reverse"] <= p.bound[1]

    def test_times_are_ordered_quartiles(self, result):
        for _, p in points(result):
            assert set(p.times) == {"f", "forward", "reverse"}
            for t in p.times.values():
                assert 0 < t.lower <= t.median <= t.upper
                assert len(t.samples) == 2

    def test_theory_is_proportional_to_the_count(self, result):
        for e in result.experiments:
            for mode in scaled.MODES:
                rate = e.seconds_per_operation(mode)
                for p in e.points:
                    if p.costs[mode]:
                        assert e.predicted(mode, p) == pytest.approx(rate * p.costs[mode])
                    else:
                        assert e.predicted(mode, p) is None

    def test_sizes_are_sorted_and_taken_once(self):
        r = scaling.scale(sizes=[4, 2, 4], repeats=1, functions=["speelpenning"])
        assert [p.n for p in r.experiments[0].points] == [2, 4]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"sizes": []}, "whole numbers from 1"),
            ({"sizes": [0, 2]}, "whole numbers from 1"),
            ({"sizes": [2.5]}, "whole numbers from 1"),
            ({"repeats": 0}, "at least 1"),
            ({"functions": ["speelpening"]}, "choose from speelpenning, dense"),
            ({"functions": []}, "choose from speelpenning, dense"),
        ],
    )
    def test_bad_input(self, options, message):
        with pytest.raises(ValueError, match=message):
            scaling.scale(**options)


class TestFormats:
    @pytest.mark.parametrize("format", ["text", "markdown", "latex", "html"])
    def test_tables(self, result, format):
        text = result.to_table(format)
        assert "Speelpenning" in text
        assert "Dense map, more outputs, n = 8" in text
        assert "Baur" in text
        assert "multiplications" in text

    def test_text_fits_a_terminal(self, result):
        assert str(result) == result.to_table("text")
        lines = str(result).splitlines()
        assert max(len(line) for line in lines if result.machine["cpu"] not in line) <= 80

    def test_wide_times_fit_a_terminal(self, result):
        slow = timing.Timing([0.0612, 0.0598, 0.0634], 1)
        e = result.experiments[0]
        wide = scaled.Experiment(
            e.function,
            e.title,
            e.varied,
            e.fixed,
            [
                scaled.Measurement(p.n, p.m, p.length, p.counts, dict.fromkeys(scaled.TIMED, slow))
                for p in e.points
            ],
        )
        text = scaled.Scaling({**result.machine, "cpu": "C"}, 3, [wide]).to_table()
        assert max(map(len, text.splitlines())) <= 80

    def test_json_is_whole(self, result):
        data = json.loads(result.to_table("json"))
        assert data == json.loads(result.to_json()) == result.to_dict()
        assert data["schema"] == "admodes.scaling/1"
        assert set(data["machine"]) >= {"python", "cpu", "cores"}
        p = data["experiments"][0]["points"][2]
        assert p["n"] == 5
        assert p["counts"]["reverse"] == {"multiplications": 8}
        assert p["times"]["f"]["rounds"] == 2
        assert p["bound"] == [16, 20]

    def test_csv_is_one_line_a_size(self, result):
        lines = list(csv.DictReader(io.StringIO(result.to_table("csv"))))
        assert len(lines) == 3 * len(SIZES)
        last = lines[2]
        assert (last["function"], last["n"], last["m"]) == ("speelpenning", "5", "1")
        assert last["forward_multiplications"] == "40"
        assert last["forward_total"] == "60"
        assert float(last["f_seconds_median"]) == result.experiments[0].points[2].times["f"].median

    def test_html_fragment_for_notebooks(self, result):
        assert result._repr_html_().startswith("<h1>")

    def test_unknown_format(self, result):
        with pytest.raises(ValueError, match="unknown"):
            result.to_table("docx")


class TestPlot:
    def test_png(self, result, tmp_path):
        path = plot.plot(result, tmp_path / "scaling.png")
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 20_000
        assert [p.name for p in tmp_path.iterdir()] == ["scaling.png"]

    def test_svg_has_its_words(self, result, tmp_path):
        path = plot.plot(result, str(tmp_path / "scaling.svg"))
        text = path.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag.endswith("svg")
        for words in ("Jacobian, forward mode", "Jacobian, reverse mode", "outputs m", "bound"):
            assert words in text

    def test_the_same_data_give_the_same_file(self, result, tmp_path):
        first, second = (plot.plot(result, tmp_path / name) for name in ("a.svg", "b.svg"))
        assert first.read_bytes() == second.read_bytes()

    def test_one_experiment_alone(self, result, tmp_path):
        alone = scaled.Scaling(result.machine, result.rounds, result.experiments[:1])
        assert plot.plot(alone, tmp_path / "one.png").stat().st_size > 10_000

    def test_two_panels_for_each_experiment_and_logarithmic_axes(self, result):
        _, figure_class = figures.matplotlib_parts()
        axes = plot._figure(result, figure_class).axes
        assert len(axes) == 2 * len(result.experiments)
        assert {(ax.get_xscale(), ax.get_yscale()) for ax in axes} == {("log", "log")}

    def test_unknown_extension(self, result, tmp_path):
        with pytest.raises(ValueError, match=r"\.png, \.svg"):
            plot.plot(result, tmp_path / "scaling.doc")
        assert not list(tmp_path.iterdir())

    def test_missing_matplotlib_is_one_line(self, result, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(RuntimeError, match=r"pip install 'admodes\[plots\]'") as caught:
            plot.plot(result, tmp_path / "scaling.png")
        assert "\n" not in str(caught.value)
        assert not list(tmp_path.iterdir())


class TestReports:
    NAMES = ("scaling.json", "scaling.csv", "scaling.md", "scaling.png")

    def test_everything_is_written(self, result, tmp_path):
        folder = tmp_path / "new" / "reports"
        paths = reports.write_reports(folder, result)
        assert [p.name for p in paths] == list(self.NAMES)
        assert sorted(p.name for p in folder.iterdir()) == sorted(self.NAMES)
        assert all(p.stat().st_size > 0 for p in paths)
        assert json.loads(paths[0].read_text(encoding="utf-8")) == result.to_dict()
        assert paths[2].read_text(encoding="utf-8") == result.to_table("markdown")

    def test_without_matplotlib_the_figures_are_there(self, result, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(RuntimeError, match="admodes"):
            reports.write_reports(tmp_path, result)
        assert sorted(p.name for p in tmp_path.iterdir()) == sorted(self.NAMES[:3])


class TestAtomicWriting:
    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")

        def fail(temporary):
            temporary.write_text("half")
            raise OSError("disk full")

        with pytest.raises(OSError, match="disk full"):
            files.write_atomically(path, fail)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_plot_that_fails_leaves_nothing(self, result, tmp_path, monkeypatch):
        _, figure_class = figures.matplotlib_parts()
        monkeypatch.setattr(figure_class, "savefig", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            plot.plot(result, tmp_path / "scaling.png")
        assert not list(tmp_path.iterdir())

    def test_an_old_file_is_replaced_and_readable(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")
        assert files.write_text(path, "ẋ → v̄").read_text(encoding="utf-8") == "ẋ → v̄"
        assert path.stat().st_mode & 0o400
        fresh = tmp_path / "fresh"
        fresh.touch()
        assert path.stat().st_mode == fresh.stat().st_mode

    def test_a_link_and_the_mode_of_an_old_file_stay(self, tmp_path):
        path, link = tmp_path / "a.txt", tmp_path / "link"
        path.write_text("old")
        path.chmod(0o640)
        link.symlink_to(path)
        files.write_text(link, "new")
        assert link.is_symlink()
        assert path.read_text() == "new"
        assert path.stat().st_mode & 0o777 == 0o640

    def test_a_device_is_written_to_as_it_is(self):
        files.write_text("/dev/null", "x")
        assert not Path("/dev/null").is_file()

    def test_a_missing_folder_is_an_error(self, tmp_path):
        with pytest.raises(OSError, match="none"):
            files.write_text(tmp_path / "none" / "a.txt", "x")


class TestTiming:
    def test_rounds_are_interleaved_and_turn_round(self):
        calls = []
        jobs = {name: (lambda name=name: calls.append(name)) for name in "abc"}
        times = timing.interleaved(jobs, rounds=2, least=0.0)
        assert all(t.loops == 1 and len(t.samples) == 2 for t in times.values())
        # Two calls each to warm up and calibrate, then the rounds, the second one backwards.
        assert "".join(calls) == "aabbcc" + "abc" + "cba"

    def test_short_functions_are_called_often(self):
        times = timing.interleaved({"short": lambda: None}, rounds=1, least=1e-3)
        assert times["short"].loops > 10

    def test_one_round_has_no_spread(self):
        t = timing.Timing([2.0], 1)
        assert t.lower == t.median == t.upper == 2.0

    def test_rounds_below_one(self):
        with pytest.raises(ValueError, match="at least 1"):
            timing.interleaved({"f": lambda: None}, rounds=0)

    def test_paired_ratio_cancels_a_slow_round(self):
        a, b = timing.Timing([1.0, 30.0, 1.0], 1), timing.Timing([2.0, 60.0, 2.0], 1)
        assert timing.paired_ratio(a, b) == (0.5, 0.5, 0.5)

    def test_machine(self):
        info = timing.machine()
        assert info["python"] == ".".join(map(str, sys.version_info[:3]))
        assert info["cores"] >= 1
        assert info["cpu"] in timing.describe(info)
