"""The names that a config key can choose from, each with what it means.

They stand here, without NumPy, so that `--help` and config checking start fast. To add an
activation, optimizer, schedule or initialization, add its line here and its function under the
same name in `nntrain.engine`, and in `engine/compiled/kernels.py` too for what an iteration does.
Tests hold the names equal.
"""

ACTIVATIONS = {
    "sigmoid": "f(z) = 1 / (1 + e^-z), outputs from 0 to 1; the article's choice",
    "tanh": "f(z) = tanh z, outputs from -1 to 1",
    "relu": "f(z) = max(0, z)",
    "identity": "f(z) = z; makes a network of any depth a linear model",
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
    "constant": "α throughout",
    "cosine": "α ½ (1 + cos πt), falling to 0 (Loshchilov, Hutter 2017)",
    "linear": "α (1 - t), falling to 0",
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
    "piecewise_linear": "the standard input, and one more for each bin from e_t to e_t+1 between "
    "quantiles of the training values: 2 clip((x - e_t) / (e_t+1 - e_t), 0, 1) - 1 (Gorishniy, "
    "Rubachev, Babenko 2022)",
}

TRANSFORMS = {
    "none": "the target itself",
    "log": "the target's natural logarithm; predictions come back in the target's unit",
}

KEEPS = {
    "last": "the weights at the end of training",
    "best": "the weights after the epoch with the lowest validation loss",
}

RECIPES = {
    "accurate": "an ensemble of networks with Adam and a piecewise linear encoding, chosen by "
    "measurements on many tables",
    "textbook": "the article's procedure: one hidden layer of 16 neurons, sigmoid, plain gradient "
    "descent",
}

BATCH_MODES = {
    "batch": "all rows at once: 1 iteration an epoch",
    "stochastic": "one row at a time: N iterations an epoch",
    "mini-batch": "batch_size rows at a time: N / batch_size iterations an epoch, rounded up",
}

ENGINES = {
    "auto": "compiled if Numba is installed and a small network has many iterations, else numpy",
    "numpy": "NumPy; several threads share a large batch",
    "compiled": "loops compiled by Numba (extra fast); the same numbers, up to rounding",
}

DTYPES = {
    "float64": "double precision, about 16 digits",
    "float32": "single precision, about 7 digits: half the memory",
}

MISSING_TARGETS = {
    "error": "a row without a target is an error that names its line",
    "skip": "rows without a target are left out, and their number is printed on stderr",
}

TEXT_ENCODINGS = {
    "utf-8": "Unicode, with or without its mark",
    "latin-1": "Western European (ISO 8859-1)",
    "cp1252": "Western European as Windows writes it",
    "utf-16": "Unicode in units of two bytes; it need not be named if its mark stands first",
}

DECIMALS = {
    ".": "as in 1.5",
    ",": "as in 1,5",
}
