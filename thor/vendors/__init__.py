"""Vendors: other companies' interfaces, spoken exactly. Raw values in, raw values out; no meaning of ours.

In: a workbook, later a broker's API. Out: cells and messages as the vendor gives them. Listening: quotes' providers.
"""
