"""Train a feed-forward network for regression on a table, by the textbook.

>>> import nntrain
>>> config = nntrain.Config(target=("strength_mpa",), epochs=5)
>>> model = nntrain.fit("sample_data/concrete.csv", config)
>>> model.predict("sample_data/concrete.csv").shape
(1030, 1)

`model.save("model.npz")` writes the model to a file, `nntrain.load_model("model.npz")` reads it.
Each name is imported when it is first used, so that `import nntrain` is fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nntrain._version import __version__

if TYPE_CHECKING:
    from nntrain.config.keys import Config
    from nntrain.config.yaml_file import load_config
    from nntrain.data.readers.dialect import Dialect
    from nntrain.diagnostics.diagnose import diagnose
    from nntrain.errors import NntrainError
    from nntrain.evaluation.evaluate import Evaluation, evaluate
    from nntrain.evaluation.importance import Explanation, explain
    from nntrain.model.model import Model, load_model
    from nntrain.training.run import TrainingRun, fit
    from nntrain.training.session import SessionOptions, fit_session

__all__ = [
    "Config",
    "Dialect",
    "Evaluation",
    "Explanation",
    "Model",
    "NntrainError",
    "SessionOptions",
    "TrainingRun",
    "__version__",
    "diagnose",
    "evaluate",
    "explain",
    "fit",
    "fit_session",
    "load_config",
    "load_model",
]

_MODULES = {
    "Config": "config.keys",
    "Dialect": "data.readers.dialect",
    "load_config": "config.yaml_file",
    "diagnose": "diagnostics.diagnose",
    "NntrainError": "errors",
    "Evaluation": "evaluation.evaluate",
    "evaluate": "evaluation.evaluate",
    "Explanation": "evaluation.importance",
    "explain": "evaluation.importance",
    "TrainingRun": "training.run",
    "fit": "training.run",
    "SessionOptions": "training.session",
    "fit_session": "training.session",
    "Model": "model.model",
    "load_model": "model.model",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
