"""Measurements. Nothing here asserts a time: machines are shared, so ratios and medians are reported."""
