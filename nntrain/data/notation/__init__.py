"""How cells of a column are written: numbers in disguise (`$1,234.50`, `34.4%`), dates, times."""
