"""Tables in, tables out (extra ``tables``): CSV, JSON lines and Parquet of any size, resumable. ``cluster``: on Ray."""
