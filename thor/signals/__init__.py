"""Signals: one per instrument and TOTAL, from the net change and thresholds that people edit.

In: thresholds, weights and quotes. Out: classified rows and the composite. Listening: the desk, captures, strategies.
"""
