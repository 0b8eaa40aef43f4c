"""The commands jacobian, gradient and hessian: matrices of derivatives at a point."""

from __future__ import annotations

from admodes.cli.options import At, Debug, Digits, Layout, Symbolic, Targets, Transposed
from admodes.cli.output import Output, prints
from admodes.cli.running import run, target_of


@prints()
def jacobian(
    targets: Targets,
    at: At = None,
    layout: Transposed = Layout.standard,
    symbolic: Symbolic = False,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print the Jacobian by both modes, with sweeps and exact counts.

    One matrix where both modes give the same numbers; otherwise two, and by how many units in the
    last place (ulp) they differ.

    \b
    admodes jacobian @cpsc532s
    admodes jacobian @bu-shared --symbolic
    admodes jacobian "x1**2" "x1*x2*x3" --at x1=1,x2=2,x3=3 --layout transposed
    """
    from admodes.tracing.matrices import named_jacobian

    target = target_of(targets, at)
    output.show(
        run(lambda: named_jacobian(*target.named, symbolic=symbolic), target),
        digits=digits,
        layout=layout.value,
    )


@prints()
def gradient(
    targets: Targets,
    at: At = None,
    symbolic: Symbolic = False,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print the gradient of a function with one output.

    By one reverse sweep.

    \b
    admodes gradient "log(x1*x2)*sin(x2)" --at x1=1,x2=2 --symbolic
    admodes gradient @rosenbrock --at x=[1, 1]
    """
    from admodes.tracing.matrices import named_gradient

    target = target_of(targets, at)
    result = run(lambda: named_gradient(*target.named, symbolic=symbolic), target)
    output.show(result, digits=digits)


@prints()
def hessian(
    targets: Targets,
    at: At = None,
    symbolic: Symbolic = False,
    digits: Digits = 6,
    *,
    output: Output,
    debug: Debug = False,
) -> None:
    """Print gradient, Hessian and the kind of the point.

    Of a function with one output.

    \b
    admodes hessian @osu-ascent --at x1=3/8,x2=-3/4 --symbolic
    admodes hessian "x**2 - y**2" --at x=0,y=0
    """
    from admodes.tracing.matrices import named_hessian

    target = target_of(targets, at)
    result = run(lambda: named_hessian(*target.named, symbolic=symbolic), target)
    output.show(result, digits=digits)
