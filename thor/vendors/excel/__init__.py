"""Excel: the thinkorswim sheet, saved (openpyxl) or live (xlwings), and the one parser of its cells.

In: a workbook on disk or in a running Excel. Out: raw rows by column, odd cells counted. Listening: quotes.
"""
