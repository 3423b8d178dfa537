"""What kind of column each column of a table is, by evidence from all of its cells."""
