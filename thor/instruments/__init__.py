"""Instruments: what is traded, and the one symbol table of all sources.

In: seeds and the admin. Out: contract facts, canonical symbols. Listening: every room above.
"""
