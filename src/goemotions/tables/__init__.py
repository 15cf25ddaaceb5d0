"""Tables of texts of any size: CSV, TSV, JSON lines and Parquet (extra ``tables``), read and written by groups of rows.

Whatever reads a table (``predict``, ``evaluate``, ``tune``, ``compare``, ``data prepare``) reads it here: a file means
the same to all of them. :mod:`goemotions.tables.formats` knows the formats, one module each.
"""
