"""Tables: read from any format, checked, and turned into matrices and back."""
