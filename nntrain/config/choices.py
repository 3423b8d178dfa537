"""The names a user may write in a config, with a line on each.

They stand here once, without NumPy, so that `--help` and config checking start fast. The kernels
register under the same names in `nntrain.engine`, and a test holds the two equal.
"""

ACTIVATIONS = {
    "sigmoid": "f(z) = 1 / (1 + e^-z), outputs from 0 to 1; the article's choice",
    "tanh": "f(z) = tanh z, outputs from -1 to 1",
    "relu": "f(z) = max(0, z)",
    "identity": "f(z) = z; with it a network of any depth is a linear model",
    "leaky_relu": "f(z) = z where z > 0, else 0.01 z (Maas, Hannun, Ng 2013)",
    "elu": "f(z) = z where z > 0, else e^z - 1 (Clevert, Unterthiner, Hochreiter 2016)",
    "softplus": "f(z) = ln(1 + e^z) (Dugas and others 2001)",
    "silu": "f(z) = z / (1 + e^-z) (Elfwing, Uchibe, Doya 2018), also called swish",
    "mish": "f(z) = z tanh(softplus z) (Misra 2019)",
}

OPTIMIZERS = {
    "gradient_descent": "θ := θ - α g; the article's update",
    "momentum": "v := momentum v + g, θ := θ - α v (Polyak 1964)",
    "nesterov": "v := momentum v + g, θ := θ - α (g + momentum v) (Sutskever and others 2013)",
    "adam": "m := beta_1 m + (1 - beta_1) g, v := beta_2 v + (1 - beta_2) g², "
    "θ := θ - α m̂ / (√v̂ + epsilon), m̂ = m / (1 - beta_1^i), v̂ = v / (1 - beta_2^i) in iteration "
    "i (Kingma, Ba 2015)",
}

SCHEDULES = {
    "constant": "α",
    "cosine": "α ½ (1 + cos πt) (Loshchilov, Hutter 2017)",
    "linear": "α (1 - t)",
}

INITIALIZATIONS = {
    "glorot_uniform": "uniform, variance 2 / (n_in + n_out) (Glorot, Bengio 2010)",
    "glorot_normal": "normal, variance 2 / (n_in + n_out)",
    "he_uniform": "uniform, variance 2 / n_in (He, Zhang, Ren, Sun 2015)",
    "he_normal": "normal, variance 2 / n_in",
    "lecun_uniform": "uniform, variance 1 / n_in (LeCun, Bottou, Orr, Müller 1998)",
    "lecun_normal": "normal, variance 1 / n_in",
}

ENCODINGS = {
    "standard": "one input, (x - mean) / deviation",
    "piecewise_linear": "that input, and one more for each bin from e_t to e_t+1 between the "
    "quantiles of the training values: 2 clip((x - e_t) / (e_t+1 - e_t), 0, 1) - 1 (Gorishniy, "
    "Rubachev, Babenko 2022)",
}

TRANSFORMS = {
    "none": "the target itself",
    "log": "its natural logarithm; predictions come back in the target's unit",
}

KEEPS = {
    "last": "those at the end of training",
    "best": "those after the epoch with the lowest validation loss",
}

RECIPES = {
    "accurate": "an ensemble of networks with Adam and a piecewise linear encoding, chosen by "
    "measurements on many tables",
    "textbook": "the article's procedure: one layer of 16, sigmoid, plain gradient descent",
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
