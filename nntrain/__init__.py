"""Train a feed-forward network for regression on a table, by the textbook.

>>> import nntrain
>>> model = nntrain.fit("data.csv", nntrain.Config(target=("price",)))
>>> model.save("model.npz")
>>> nntrain.load_model("model.npz").predict("new.csv")

Names are imported when they are first used, so that `import nntrain` is instant.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nntrain.config import Config
    from nntrain.config_file import load_config
    from nntrain.diagnosing import diagnose
    from nntrain.errors import NntrainError
    from nntrain.evaluation import Evaluation, evaluate
    from nntrain.explaining import Explanation, explain
    from nntrain.fitting import TrainingRun, fit
    from nntrain.model import Model
    from nntrain.model_file import load_model

__version__ = "0.1.0"

__all__ = [
    "Config",
    "Evaluation",
    "Explanation",
    "Model",
    "NntrainError",
    "TrainingRun",
    "__version__",
    "diagnose",
    "evaluate",
    "explain",
    "fit",
    "load_config",
    "load_model",
]

_HOMES = {
    "Config": "config",
    "load_config": "config_file",
    "diagnose": "diagnosing",
    "NntrainError": "errors",
    "Evaluation": "evaluation",
    "evaluate": "evaluation",
    "Explanation": "explaining",
    "explain": "explaining",
    "TrainingRun": "fitting",
    "fit": "fitting",
    "Model": "model",
    "load_model": "model_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
