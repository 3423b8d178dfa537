"""Tables: read them in any format, check them, and turn their rows into matrices."""
