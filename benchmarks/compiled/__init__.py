"""Compiled derivatives beside f, a hand-written NumPy derivative and the peers, in one run.

    python -m benchmarks.compiled [--threads 1 default] [--only NAME] [--rounds 15]
                                  [--json FILE] [--markdown]

The pipeline, one module a stage:

    networks, mixtures, jacobians, bundle, sparse, scalars, dynamics, overheads   the workloads
      └─ case          what a workload is: f, the derivative by hand, the contestants, the targets
           └─ peers    how each library is called
    measure            first call, agreement with the derivative by hand, interleaved rounds
    figures            what a time is compared with: ratios, µs per operation, µs over f, targets
    report             tables of 100 columns, Markdown for docs/measured.md
    __main__           the command line; one process for each number of threads
"""
