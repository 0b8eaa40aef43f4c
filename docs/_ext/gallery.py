"""The pictures of the gallery: name of the file, title, command."""

PICTURES = {
    "both": ("Both passes on one picture", "admodes graph @cpsc532s --kind both"),
    "computation": ("The computation", "admodes graph @osu-eq4"),
    "linearised": (
        "Partial derivatives on the edges",
        'admodes graph "a = x1*x2; y = a*sin(a)" --at x1=1,x2=2 --kind linearised',
    ),
    "backpropagation": (
        "The way back through a network",
        "admodes graph @cpsc532s-network --kind backpropagation",
    ),
    "bipartite": (
        "Operations and variables in turn",
        "admodes graph @grad-log-sin --kind bipartite",
    ),
    "gradient": (
        "What a reverse sweep computes",
        'admodes graph "x1*sin(x2)" --at x1=2,x2=1 --kind gradient',
    ),
    "loop": ("The rounds of a loop as groups", "admodes graph @osu-loop --collapse loop"),
    "around": (
        "What is near one row",
        "admodes graph @cpsc532s --kind both --around v6 --depth 1",
    ),
    "paths": (
        "The paths that one derivative adds up",
        "admodes explain @cpsc532s --of y1 --wrt x2",
    ),
    "elimination": (
        "After two steps of elimination",
        "admodes eliminate @cpsc532s --order reverse --step 2",
    ),
    "pattern": (
        "The pattern of a Jacobian and the groups of its sweeps",
        'admodes sparsity "x1*x2" "x2*x3" "x3*x4" "x4*x5" --at x1=1,x2=2,x3=3,x4=4,x5=5',
    ),
    "schedule": (
        "A schedule of checkpoints",
        "admodes revolve 60 --snapshots 5",
    ),
    "step_sizes": (
        "The error of differences by step size",
        'admodes accuracy "exp(x)/sin(x)**3" --at x=1.5',
    ),
    "swell": ("How symbolic derivatives swell", "admodes swell --family logistic"),
}
