import pytest

from dltrain.config.places import Place
from dltrain.config.yaml_tree import read_tree


def only_problem(text: str) -> str:
    (problem,) = read_tree(text, "a.yaml").problems
    return f"{problem.file}:{problem.line}:{problem.column} {problem.message}"


def test_every_key_and_value_has_its_place() -> None:
    places = read_tree("a: 1\nb:\n  - {c: x}\n", "a.yaml").places
    assert places.keys["b",] == Place("a.yaml", 2, 1)
    assert places.keys["b", 0, "c"] == Place("a.yaml", 3, 6)
    assert places.values["b", 0, "c"] == Place("a.yaml", 3, 9)


def test_a_duplicate_key_names_both_lines() -> None:
    assert only_problem("a: 1\nb: 2\na: 3\n") == (
        "a.yaml:3:1 the key `a` stands twice, first at line 1"
    )


def test_quotes_keep_a_text() -> None:
    assert read_tree("['1', \"true\", 1]", "f").value == ["1", "true", 1]


def test_aliases_and_merge_keys_are_filled_in_and_written_keys_win() -> None:
    text = "base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\nagain: *b\n"
    value = read_tree(text, "f").value
    assert value["use"] == {"y": 3, "x": 1}
    assert value["again"] == {"x": 1, "y": 2}
    assert value["again"] is not value["base"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2\nb: 3\n", "not YAML"),
        ("a: {b: 1\n", "not YAML"),
        ("a: 'x\n", "not YAML"),
        ("a: b: c\n", "mapping values are not allowed"),
        ("a:\n\t- b\n", "cannot start any token"),
        ("a: *b\n", "undefined alias"),
        ("a: 1\n---\nb: 2\n", "single document"),
        ("[" * 500 + "]" * 500, "nested more than"),
        ("a: &a [*a]\n", "holds itself"),
        ("a: !!int x\n", "not of the tag"),
        ("? [a]\n: 1\n", "a key is a name"),
        ("a: {<<: 3}\n", "takes a mapping"),
    ],
)
def test_a_text_that_cannot_be_read_is_a_problem_with_a_place(text: str, said: str) -> None:
    tree = read_tree(text, "a.yaml")
    assert said in tree.problems[0].message
    assert tree.problems[0].line
    assert tree.problems[0].column


@pytest.mark.parametrize(
    "value", ["!!python/name:os.system x", "!!python/object/apply:os.system ['true']"]
)
def test_a_tag_that_names_a_python_object_is_refused_and_does_nothing(value: str) -> None:
    assert "python" in only_problem(f"a: {value}\n")


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "counting aliases" in read_tree("\n".join(lines), "a.yaml").problems[0].message


def test_environment_variables_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAIN_TEST", "7")
    text = "a: ${env:DLTRAIN_TEST}\nb: '${env:DLTRAIN_TEST}'\nc: x/${env:DLTRAIN_ABSENT:-d}/y"
    assert read_tree(text, "f").value == {"a": 7, "b": "7", "c": "x/d/y"}


@pytest.mark.parametrize("text", ["a: ${env:DLTRAIN_ABSENT}", "a: '${env:1 2}'"])
def test_a_variable_that_is_missing_or_misspelt_is_a_problem(text: str) -> None:
    assert only_problem(text).startswith("a.yaml:1:4 ")
