"""Training from a config: data, network, loop and run folder put together."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from dltrain.config.draft import Draft, LoadedConfig
from dltrain.core.errors import UsageError
from dltrain.data.samples import Data
from dltrain.storage import checkpoint
from dltrain.storage.checkpoint import Checkpoint
from dltrain.storage.run_folder import RunFolder, newest
from dltrain.training.events import EpochEnded, Event, Finished, FolderOpened
from dltrain.training.interrupts import Interrupts, catching
from dltrain.training.job import Job
from dltrain.training.loop import run
from dltrain.training.plan import is_over
from dltrain.training.prepare import Overrides, Source, load_data, read_config
from dltrain.training.resume import require_same_config, require_same_data
from dltrain.training.state import TrainingState

Observer = Callable[[Event], None]


@dataclass(frozen=True)
class Run:
    """A finished training."""

    folder: Path
    """The run folder."""
    history: list[dict[str, Any]] = field(repr=False)
    """The lines of metrics.jsonl."""
    result: dict[str, Any]
    """The final result: split, samples, loss, metrics."""

    @property
    def model(self) -> Any:
        """The best network of this run, ready to predict."""
        import dltrain

        return dltrain.load(self.folder)


@dataclass(frozen=True)
class Options:
    """How a run is started, beside its config."""

    name: str | None = None
    """Name of the run folder; default: the config's."""
    runs: Path = Path("runs")
    """The folder of all runs."""
    resume: bool = False
    """Go on with the run of this name."""
    force: bool = False
    """Replace the run of this name."""
    accept_changed_data: bool = False
    """Go on although the data set is another one."""


def ignore(event: Event) -> None:
    """Watch nothing."""


def fit(
    config: Source,
    *,
    overrides: Overrides = (),
    observe: Observer = ignore,
    **options: Any,
) -> Run:
    """Train what a config says, in a run folder of its own.

    `overrides` maps keys such as "training.epochs" to values, or lists texts as `--set` takes
    them; the other keywords are those of `Options`.
    Raises: the errors of `dltrain.core.errors`, and `Interrupted` after Ctrl-C.
    """
    chosen = Options(**{**options, "runs": Path(options.get("runs", "runs"))})
    if chosen.resume and chosen.force:
        raise UsageError("`resume` goes on with a run and `force` replaces it: choose one")
    draft = read_config(config, overrides, name=chosen.name)
    loaded = draft.loaded()
    with catching() as interrupts, ExitStack() as stack:
        hint = _how_to_go_on(loaded, overrides, chosen)
        return _Fit(draft, loaded, chosen, observe, interrupts, hint, stack).run()


@dataclass
class _Fit:
    """One call of `fit`, step by step."""

    draft: Draft
    loaded: LoadedConfig
    options: Options
    observe: Observer
    interrupts: Interrupts
    hint: str
    """How to go on once the run can be resumed."""
    stack: ExitStack
    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)
    """Those of the checkpoint to go on from, until the job takes them."""

    def run(self) -> Run:
        """Find out where to begin, train what is left, and test the best."""
        folder, saved = self._find()
        state = TrainingState()
        if folder is not None and saved is not None:
            require_same_config(saved.config, self.loaded.config, at=folder.path)
            state = TrainingState.from_json(saved.training or {})
            finished = self._finished(folder, state)
            if finished is not None:
                return finished
        data = load_data(self.draft, self.observe)
        if folder is not None and saved is not None:
            accept = self.options.accept_changed_data
            known = saved.dataset_fingerprint
            require_same_data(known, data.fingerprint, accept=accept, at=folder.path)
        if folder is None:
            folder = self._create()
        return self._train(folder, saved, state, data)

    def _find(self) -> tuple[RunFolder | None, Checkpoint | None]:
        """Find the run to go on with, and lock it; nothing where a new one begins.

        The checkpoint comes without its tensors, which nobody else may hold.
        """
        if not self.options.resume:
            return None, None
        name = self.loaded.config.name or "run"
        if self.options.name is None:
            folder = newest(self.options.runs, name)
        else:
            path = self.options.runs / name
            folder = RunFolder(path) if (path / "resolved.yaml").is_file() else None
        if folder is None:
            return None, None
        folder.open()
        self.stack.callback(folder.close)
        if not folder.last.exists():
            return folder, None
        saved = checkpoint.load(folder.last)
        self.tensors = dict(saved.tensors)
        return folder, replace(saved, tensors={})

    def _create(self) -> RunFolder:
        name = self.loaded.config.name or "run"
        folder = RunFolder.create(self.options.runs, name, force=self.options.force)
        self.stack.callback(folder.close)
        return folder

    def _finished(self, folder: RunFolder, state: TrainingState) -> Run | None:
        result = folder.read_result()
        if result is None or not is_over(self.loaded.config.training, state):
            return None
        if result.get("epochs") != state.epoch or result.get("steps", state.step) != state.step:
            return None
        self.observe(Finished(folder.path, result, already=True))
        return Run(folder.path, state.history, result)

    def _train(
        self, folder: RunFolder, saved: Checkpoint | None, state: TrainingState, data: Data
    ) -> Run:
        whole = state.sample == 0
        self.observe(FolderOpened(folder.path, state.epoch, state.step, whole))
        job = Job(self.draft, data, state, self.observe, self.tensors)
        folder.write_start(
            source=self.loaded.source, resolved=job.resolved, environment=job.environment
        )
        if saved is not None:
            job.restore(at=str(folder.last))
            folder.rewrite_metrics(state.history)
        else:
            # Before anything is compiled: whoever stops the run then can go on with it.
            folder.save_last(job.first())
        self.interrupts.hint = self.hint
        self._train_and_save(folder, job)
        result = job.test(folder.best)
        folder.write_result(result)
        self.observe(Finished(folder.path, result))
        return Run(folder.path, state.history, result)

    def _train_and_save(self, folder: RunFolder, job: Job) -> None:
        """Train, and save with each line of metrics."""
        with closing(run(job.session(self.interrupts))) as events:
            for event in events:
                if isinstance(event, EpochEnded):
                    # The best first: killed in between, what led to it is trained again.
                    if event.improved:
                        folder.save_best(job.best())
                    folder.append_metrics(event.record)
                    folder.save_last(job.last())
                self.observe(event)


def _how_to_go_on(loaded: LoadedConfig, overrides: Overrides, options: Options) -> str:
    if loaded.path is None or isinstance(overrides, Mapping):
        return "call fit again with resume=True"
    words = ["dltrain", "fit", str(loaded.path), "--resume"]
    for text in overrides:
        words += ["--set", text]
    if options.name is not None:
        words += ["--name", options.name]
    if options.runs != Path("runs"):
        words += ["--runs", str(options.runs)]
    return f"go on with: {shlex.join(words)}"
