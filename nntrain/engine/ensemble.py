"""Networks of the same layers that learn side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nntrain.engine.progress import EpochResult
from nntrain.engine.training import Training
from nntrain.engine.worker_pool import WorkerPool


def train_together(
    trainings: Sequence[Training],
    threads: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[list[EpochResult]]:
    """An epoch of every training for each item taken, its results in their order.

    A training that has come to its end has no results any more. Between items all have done the
    same epochs. Ends within an epoch, which some may have ended then, as `Training.epochs` does.
    """
    runs = [training.epochs(should_stop) for training in trainings]
    epoch = epochs_done(trainings)
    with WorkerPool(threads) as pool:
        while not all(is_over(training) for training in trainings):
            epoch += 1
            going_on = [i for i, training in enumerate(trainings) if not _is_at(training, epoch)]

            def advance(_worker: int, piece: int, going_on: Sequence[int] = going_on) -> None:
                next(runs[going_on[piece]], None)

            pool.run(len(going_on), advance)
            results = [t.last for t in trainings if t.last and t.last.epoch == epoch]
            if not all(_is_at(training, epoch) for training in trainings):
                return
            yield results


def is_over(training: Training) -> bool:
    """Whether a training has come to its end."""
    last = training.last
    return last.stopped_by != "" if last else training.hyperparameters.epochs == 0


def epochs_done(trainings: Sequence[Training]) -> int:
    """The epochs that all have done, but for those at their end."""
    going_on = [training for training in trainings if not is_over(training)]
    of_each = [training.last.epoch if training.last else 0 for training in going_on or trainings]
    return min(of_each) if going_on else max(of_each)


def _is_at(training: Training, epoch: int) -> bool:
    """Whether a training has done an epoch, or ended before it."""
    last = training.last
    return is_over(training) or (last is not None and last.epoch >= epoch)
