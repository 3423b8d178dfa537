"""The names a user may write in a config, with a line on each.

They stand here once, without NumPy, so that `--help` and config checking start fast. The kernels
register under the same names in `nntrain.engine`, and a test holds the two equal.
"""

ACTIVATIONS = {
    "sigmoid": "f(z) = 1 / (1 + e^-z), outputs from 0 to 1; the article's choice",
    "tanh": "f(z) = tanh z, outputs from -1 to 1",
    "relu": "f(z) = max(0, z)",
    "identity": "f(z) = z; with it a network of any depth is a linear model",
}

BATCH_MODES = {
    "batch": "all rows at once: 1 iteration an epoch",
    "stochastic": "one row at a time: N iterations an epoch",
    "mini-batch": "batch_size rows at a time: N / batch_size iterations an epoch, rounded up",
}

ENGINES = {
    "auto": "compiled for many iterations of a small network where Numba is installed, else numpy",
    "numpy": "NumPy, large batches in blocks on several threads",
    "compiled": "loops compiled by Numba (extra fast): the same numbers, to rounding",
}

DTYPES = {
    "float64": "double precision",
    "float32": "single precision: half the memory, about 7 digits",
}

MISSING_TARGETS = {
    "error": "a row without a target is an error that names its line",
    "skip": "rows without a target are left out, and counted on stderr",
}

DECIMALS = {
    ".": "as in 1.5",
    ",": "as in 1,5",
}
