"""Tables: reading their bytes, typing their columns, turning columns into matrices and back."""
