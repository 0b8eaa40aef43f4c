"""PyTorch through torch.func, in double precision on one thread. NumPy's functions are those of
torch._numpy, the layer with which torch.compile runs NumPy code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.pytree import flatten
from admodes.core.rebinding import Library
from admodes.lab.adapters.adapter import leaf_function, one_number, total_size
from admodes.lab.adapters.rebound import Rebound
from admodes.problems.scenario import Scenario


class Torch(Rebound):
    """Reverse mode; forward mode for Jacobians with fewer inputs than outputs; second derivatives
    are forward over reverse."""

    backend = package = "torch"
    own_memory = True
    reserve = 1 << 30

    def load(self) -> str:
        version = super().load()
        import torch

        torch.set_num_threads(1)
        return version

    def library(self) -> Library:
        import torch._numpy as tnp

        return Library({"numpy": _Numpy(tnp)}, tnp.asarray)

    def prepare(self, scenario: Scenario) -> Callable[[], Any]:
        import torch
        import torch._numpy as tnp

        f, leaves = leaf_function(scenario)
        every = tuple(range(len(leaves)))
        xs = tuple(torch.as_tensor(np.array(x, dtype=float)) for x in leaves)

        def of(*tensors: Any) -> tuple[Any, ...]:
            return tuple(tnp.asarray(y).tensor for y in f(*map(tnp.asarray, tensors)))

        def number(*tensors: Any) -> Any:
            return one_number(list(of(*tensors))).reshape(())

        if scenario.operator == "jacobian":
            forward = sum(scenario.sizes) < total_size(list(of(*xs)))
            jacobian = (torch.func.jacfwd if forward else torch.func.jacrev)(of, every)
            return lambda: _arrays(jacobian(*xs))
        gradient = torch.func.grad(number, every)
        if scenario.operator == "gradient":
            return lambda: _arrays(gradient(*xs))
        if scenario.operator == "hessian":
            hessian = torch.func.hessian(number, every)
            return lambda: _arrays(hessian(*xs))
        along = tuple(torch.as_tensor(np.array(v)) for v in flatten(scenario.direction())[0])
        return lambda: _arrays(torch.func.jvp(gradient, xs, along)[1])


class _Numpy:
    """torch._numpy with the signatures of NumPy 2, and without a product that writes into what is
    differentiated."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def reshape(self, a: Any, shape: Any, order: str = "C") -> Any:
        return self.module.reshape(a, shape, order)

    def broadcast_to(self, a: Any, shape: Any) -> Any:
        return self.module.broadcast_to(a, shape)

    def cross(self, a: Any, b: Any, axis: int = -1) -> Any:
        import torch

        tensors = (self.module.asarray(x).tensor for x in self.module.broadcast_arrays(a, b))
        return self.module.asarray(torch.linalg.cross(*tensors, dim=axis))


def _arrays(result: Any) -> Any:
    """The tensors of a result as NumPy's arrays, which share their memory."""
    if isinstance(result, tuple):
        return tuple(map(_arrays, result))
    return result.detach().numpy()


ADAPTERS = (Torch(),)
