"""Files of records: texts, and Arrow or parquet."""
