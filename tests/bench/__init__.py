"""Measurements beside a peer in the same run: ``make bench`` prints ratios, and fails on none of them."""
