"""The experiments as pages with their data, pictures and words: what `admodes report --experiments`
writes into reports/."""
