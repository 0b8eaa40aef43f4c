"""The chapters of the API: title, what they are about, public names. Operations have a page of
their own. tests/test_site.py holds that each public name stands in one chapter."""

CHAPTERS = {
    "derivatives": (
        "Derivatives",
        "Gradients, Jacobians and Hessians of functions of numbers, arrays and trees of them.",
        "grad value_and_grad jacobian hessian hvp jvp vjp vmap contract value strict "
        "StrictError KinkWarning LostDerivative Error",
    ),
    "faster": (
        "Faster and smaller",
        "Compiled, sparse and checkpointed derivatives, and advice which to take.",
        "compile Compiled CompileWarning DefectWarning ImpureError sparse_jacobian sparse_hessian "
        "sparsity Sparsity loop scan while_loop checkpoint checkpointed_loop revolve Revolve "
        "schedule advise Advice",
    ),
    "steps": (
        "See every step",
        "Traces, graphs, equations, pages and sheets.",
        "trace Trace ArrayTrace graph Graph explain Explanation equations Equations explore report "
        "Report parse ExpressionError",
    ),
    "programs": (
        "Programs and counts",
        "The recorded list of operations, its counts, and the code that it becomes.",
        "record Program count Counts code Code chain chain_of Chain eliminate Elimination",
    ),
    "checks": (
        "Check and compare",
        "Proof of the numbers, and other libraries beside them.",
        "verify Verification diagnose Diagnosis check_gradient GradientCheck check_grads compare "
        "Comparison scale Scaling",
    ),
    "teaching": (
        "Teach",
        "Exercises with keys, derivations by hand and the work of a class.",
        "exercise Exercise audit Audit grade Grades grade_code CodeGrade",
    ),
    "variables": (
        "Variables and rules",
        "Values with a gradient, operations in the form of a course, and operations of your own.",
        "Variable diy custom_rule Op max min",
    ),
}
CHAPTERS = {key: (title, about, names.split()) for key, (title, about, names) in CHAPTERS.items()}
