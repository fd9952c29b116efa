import pytest

from harness.commands.gate_settings import GateOptions, read
from harness.errors import BadInput
from harness.plan.gate_rules import Tolerances

USUAL = GateOptions().tolerances("any").values


@pytest.fixture
def settings(tmp_path):
    def made(text):
        (tmp_path / "pyproject.toml").write_text(text)
        return read(tmp_path)

    return made


def test_defaults_without_a_file_or_table(tmp_path, settings):
    assert read(tmp_path).tolerances("moments") == Tolerances(USUAL)
    assert settings("[project]\nname = 'x'\n").variants == []


def test_tolerance_precedence_is_command_line_then_variant_then_common(settings):
    requested = settings("""
        [tool.harness.gate]
        scale = "smoke"
        [tool.harness.gate.tolerance]
        epoch_time = 0.05
        quality = 0.2
        flops = false
        [tool.harness.gate.variants.moments]
        epoch_time = 0.1
        [tool.harness.gate.variants.original]
    """)
    assert requested.settings.scale == "smoke"
    assert requested.variants == ["moments", "original"]
    assert requested.tolerances("moments") == Tolerances(USUAL | {"epoch_time": 0.1, "quality": 0.2, "flops": None})
    assert requested.tolerances("original")["epoch_time"] == 0.05
    overridden = requested.with_options(["0.2", "traces=2", "losses=rounding", "quality=off"], "warn", ["machine"])
    forced = {"epoch_time": 0.2, "total_time": 0.2, "traces": 2, "losses": "rounding", "quality": None}
    assert overridden.tolerances("moments") == Tolerances(USUAL | forced | {"flops": None})
    assert (overridden.settings.unsure, overridden.settings.allow) == ("warn", ["machine"])


def test_variants_may_be_a_list(settings):
    assert settings('[tool.harness.gate]\nvariants = ["a.py:A", "b"]').variants == ["a.py:A", "b"]


def test_finds_the_file_in_a_parent_folder(tmp_path, settings):
    settings('[tool.harness.gate]\nscale = "smoke"')
    (tmp_path / "inner").mkdir()
    assert read(tmp_path / "inner").settings.scale == "smoke"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.harness.gate]\nscal = 'smoke'", "did you mean 'scale'"),
        ("[tool.harness.gate]\nepoch_time = 0.1", "belongs in [tool.harness.gate.tolerance]"),
        ("[tool.harness.gate.tolerance]\npeak_memry = 0.1", "did you mean 'peak_memory'"),
        ("[tool.harness.gate.variants.x]\nloses = 'any'", "[tool.harness.gate.variants.x]: there is no metric 'loses'"),
        ("[tool.harness.gate]\nunsure = 'maybe'", "unsure"),
        ("[tool.harness.gate]\nepochs = 'many'", "epochs"),
        ("[tool.harness]\ngate = 3", "is not a table"),
        ("[tool.harness.gate.tolerance]\nepoch_time = 0", "above 0 and at most 1"),
        ("[tool.harness.gate.tolerance]\nepoch_time = nan", "above 0 and at most 1"),
        ("[tool.harness.gate.tolerance]\nepoch_time = true", "above 0 and at most 1"),
        ("[tool.harness.gate.tolerance]\npeak_memory = -0.1", "of at least 0"),
        ("[tool.harness.gate.tolerance]\ntraces = 0.5", "a whole number"),
        ("[tool.harness.gate.tolerance]\nlosses = 'equal'", "one of same, rounding, any"),
        ("[tool.harness.gate", "is not TOML"),
    ],
)
def test_errors_name_their_location(settings, tmp_path, text, message):
    with pytest.raises(BadInput) as error:
        settings(text)
    assert message in str(error.value)
    assert str(tmp_path / "pyproject.toml") in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("option", ["0", "2", "x", "epoch_time=", "epoch_tim=0.1", "traces=-1", "=0.1"])
def test_checks_a_tolerance_from_the_command_line(option):
    with pytest.raises(BadInput, match="--tolerance"):
        GateOptions().with_options([option], None, [])


def test_each_part_of_a_training_has_its_own_tolerance():
    usual = Tolerances(USUAL)
    assert usual.of_total_time(once=0.0) == usual["total_time"] == 0.03
    assert usual.of_total_time(once=0.5) == pytest.approx(0.5 * 0.03 + 0.5 * 0.25)
    strict = Tolerances(USUAL | {"total_time": 0.3})
    assert strict.of_total_time(once=0.5) == 0.3
    assert Tolerances(USUAL | {"first_epoch_time": None}).of_total_time(once=0.5) == 0.03


def test_default_gated_metrics():
    assert USUAL == {
        "total_time": 0.03,
        "epoch_time": 0.03,
        "first_epoch_time": 0.25,
        "peak_memory": 0.10,
        "peak_tensors": 0.01,
        "traces": 0,
        "retraces": None,
        "compilations": 0,
        "flops": 0.0,
        "losses": "same",
        "quality": 0.05,
    }
