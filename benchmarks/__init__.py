"""
Benchmarks: ``make bench``. They measure ratios side by side in one run, because machines are noisy and differ.
"""
