"""Output files: written whole or not at all, by one process at a time, and nobody else's."""

from nntrain.files.locks import locked
from nntrain.files.outputs import try_output
from nntrain.files.paths import explained, is_regular, same_file
from nntrain.files.replacement import replacing

__all__ = ["explained", "is_regular", "locked", "replacing", "same_file", "try_output"]
