import pytest

from dltrain.config.schema import TrainingSettings
from dltrain.core.errors import NumericError
from dltrain.metrics.base import Metric
from dltrain.training.evaluate import Scores
from dltrain.training.interrupts import Interrupted, Interrupts, Terminated
from dltrain.training.loop import validation_values
from dltrain.training.names import metric_names, monitor_of
from dltrain.training.state import Monitor, TrainingState


def settings(**fields: object) -> TrainingSettings:
    return TrainingSettings.model_validate({"loss": "mean_squared_error", **fields})


def test_a_state_reads_back_from_its_json() -> None:
    state = TrainingState(2, 80, [{"epoch": 1}, {"epoch": 2}], 1, 0.5)
    assert TrainingState.from_json(state.as_json()) == state


@pytest.mark.parametrize(
    ("monitor", "mode", "larger"),
    [
        ("val_loss", "auto", False),
        ("val_accuracy", "auto", True),
        ("val_mean_absolute_error", "auto", False),
        ("val_root_mean_squared_error", "auto", False),
        ("val_mean_absolute_percentage_error", "auto", False),
        ("val_r2_score", "auto", True),
        ("val_perplexity", "auto", False),
        ("val_bits_per_character", "auto", False),
        ("val_accuracy", "min", False),
        ("train_loss", "max", True),
    ],
)
def test_losses_and_errors_are_best_small_and_all_else_large(
    monitor: str, mode: str, larger: bool
) -> None:
    chosen = settings(checkpoint={"monitor": monitor, "mode": mode})
    assert monitor_of(chosen, validated=True) == Monitor(monitor, larger)


def test_without_a_monitor_the_loss_that_is_there_is_watched() -> None:
    assert monitor_of(settings(), validated=True).name == "val_loss"
    assert monitor_of(settings(), validated=False).name == "train_loss"


def test_of_equally_good_epochs_the_first_stays_the_best() -> None:
    monitor, state = Monitor("val_loss", larger=False), TrainingState()
    assert monitor.improves(state, {"val_loss": 0.5})
    state.best_value = 0.5
    assert not monitor.improves(state, {"val_loss": 0.5})
    assert not monitor.improves(state, {"val_loss": None})
    assert monitor.improves(state, {"val_loss": 0.4})


def test_metrics_of_one_type_get_names_of_their_own() -> None:
    metrics = [Metric.parse("accuracy"), Metric.parse({"type": "top_k_accuracy", "k": 2})]
    metrics.append(Metric.parse({"type": "top_k_accuracy", "k": 3}))
    assert metric_names(metrics) == ("accuracy", "top_k_accuracy", "top_k_accuracy_2")


def test_a_validation_loss_that_is_not_finite_stops_the_training() -> None:
    with pytest.raises(NumericError, match="after epoch 3"):
        validation_values(Scores(10, float("nan"), {}), 3)


def test_a_signal_ends_the_run_at_once_while_nothing_is_at_stake() -> None:
    with pytest.raises(Interrupted):
        Interrupts().handle(2)


def test_a_signal_during_training_waits_for_the_check() -> None:
    interrupts = Interrupts()
    with interrupts.waiting():
        interrupts.check()
        interrupts.handle(15)
        with pytest.raises(Terminated) as caught:
            interrupts.check()
    assert caught.value.exit_code == 143


def test_a_second_signal_does_not_wait() -> None:
    interrupts = Interrupts()
    with interrupts.waiting():
        interrupts.handle(2)
        with pytest.raises(Interrupted):
            interrupts.handle(2)
