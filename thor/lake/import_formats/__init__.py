"""How recordings of others are read: CSV, Parquet, Databento's DBN, Lean's zip files, and the lake's own."""
