"""One thread for matrix products inside, and as many as before outside, also after an error."""

import pytest

from admodes.lab import threads


def test_the_number_of_threads_is_put_back(monkeypatch):
    count = [7]
    inside = []

    def put(number):
        count[0] = number

    monkeypatch.setattr(threads, "_openblas", lambda: (lambda: count[0], put))
    with threads.one_blas_thread() as told:
        inside.append(count[0])
    assert (told, inside, count) == (True, [1], [7])
    with pytest.raises(ZeroDivisionError), threads.one_blas_thread():
        raise ZeroDivisionError
    assert count == [7]


def test_another_library_is_not_told(monkeypatch):
    monkeypatch.setattr(threads, "_openblas", lambda: None)
    with threads.one_blas_thread() as told:
        assert told is False


def test_the_library_of_this_numpy():
    functions = threads._openblas()
    if functions is None:
        pytest.skip("this NumPy brings no OpenBLAS")
    get, _ = functions
    with threads.one_blas_thread():
        assert get() == 1
