"""How much memory there is, on machines and in containers with a limit."""

import math

import pytest

from admodes.lab import memory


@pytest.fixture
def group(monkeypatch, tmp_path):
    """Writes what Linux says of the group of processes."""
    monkeypatch.setattr(memory, "CGROUP", tmp_path)

    def say(**files):
        for name, text in files.items():
            (tmp_path / f"memory.{name}").write_text(f"{text}\n", encoding="utf-8")

    return say


def test_a_container_has_what_its_limit_leaves(group):
    group(max=2**20, current=2**18)
    assert memory.half_of_memory() == 2**19
    assert memory.free_memory() == 2**20 - 2**18


def test_a_container_that_is_full_has_nothing_free(group):
    group(max=2**20, current=2**20 + 4096)
    assert memory.free_memory() == 0


@pytest.mark.parametrize("files", [{}, {"max": "max", "current": 4096}])
def test_without_a_limit_it_is_the_machine(group, files):
    group(**files)
    half, free = memory.half_of_memory(), memory.free_memory()
    assert 2**20 < half < 2**60
    assert 2**20 < free <= 2 * half


def test_where_nothing_is_known_there_is_no_bound(group, monkeypatch):
    monkeypatch.setattr(memory, "_physical", lambda: None)
    monkeypatch.setattr(memory, "_labelled", lambda path, label: 0)
    assert memory.half_of_memory() == math.inf
    assert memory.free_memory() is None
