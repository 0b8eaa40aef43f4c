"""This checkout beside another one, such as that of an earlier commit, workload by workload.

    git worktree add /tmp/before COMMIT
    python -m benchmarks.against /tmp/before [--only NAME] [--rounds 24] [--pairs 3] [--json FILE]

    jobs          what is timed, by name: public functions alone, which both checkouts have
      └─ worker   a process that imports admodes from one checkout and runs what it is asked
    __main__      asks one worker of each checkout in turn, and reports the ratios

The text of the workloads is that of this checkout. Times are processor times of the worker's
thread, of the quickest calls, so that other processes disturb them little, and the workers take
their turn in every round. They are started anew several times, since two processes of one checkout
may differ by some per cent; reported are the median of the ratios, this checkout to the other, the
least and the most. The ratios of a checkout to itself show what the noise is. The status is 1 where
something takes more than 1.03 × the time.
"""
