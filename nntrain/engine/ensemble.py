"""The networks of an ensemble, trained side by side, one epoch of each at a time."""

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
    """Train all, one epoch for each item taken; yields the results in the order of the trainings.

    A training that has ended gives no more results. Between items, all others have done the same
    number of epochs. Stops within an epoch, as `Training.epochs` does, when `should_stop` turns
    true; some trainings may have finished that epoch by then.
    """
    runs = [training.epochs(should_stop) for training in trainings]
    epoch = epochs_done(trainings)
    with WorkerPool(threads) as pool:
        while not all(is_over(training) for training in trainings):
            epoch += 1
            unfinished = [i for i, training in enumerate(trainings) if not _is_at(training, epoch)]

            def advance(_worker: int, piece: int, unfinished: Sequence[int] = unfinished) -> None:
                next(runs[unfinished[piece]], None)

            pool.run(len(unfinished), advance)
            results = [t.last for t in trainings if t.last and t.last.epoch == epoch]
            if not all(_is_at(training, epoch) for training in trainings):
                return
            yield results


def is_over(training: Training) -> bool:
    """Whether a training has ended."""
    last = training.last
    return last.stopped_by != "" if last else training.hyperparameters.epochs == 0


def epochs_done(trainings: Sequence[Training]) -> int:
    """How many epochs all trainings that have not ended have done; if all have ended, the most."""
    unfinished = [training for training in trainings if not is_over(training)]
    epochs = [training.last.epoch if training.last else 0 for training in unfinished or trainings]
    return min(epochs) if unfinished else max(epochs)


def _is_at(training: Training, epoch: int) -> bool:
    """Whether a training has done this epoch, or ended before it."""
    last = training.last
    return is_over(training) or (last is not None and last.epoch >= epoch)
