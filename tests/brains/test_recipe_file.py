from dataclasses import replace
from pathlib import Path

import pytest

from mnistmlp.brains.recipe_file import MAX_SIZE, load_recipe, save_recipe
from mnistmlp.errors import RecipeError
from mnistmlp.training.recipes import RECIPES, Recipe

STRANGE = Recipe(
    hidden=(), learning_rate=5e-324, weight_decay=1e6, patience=3, limit=1, shuffle=False
)


@pytest.mark.parametrize("recipe", [*RECIPES.values(), STRANGE], ids=lambda each: each.name)
def test_what_is_saved_is_loaded(recipe: Recipe) -> None:
    path = Path("mine.toml")
    save_recipe(path, recipe)
    assert load_recipe(path) == replace(recipe, name="mine.toml")


def write(content: str | bytes) -> Path:
    path = Path("mine.toml")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_what_is_left_out_is_that_of_classic_or_follows() -> None:
    assert load_recipe(write("")) == replace(RECIPES["classic"], name="mine.toml")
    assert load_recipe(write('optimizer = "adam"')).learning_rate == 0.003
    assert load_recipe(write("rotation = 5")).augment
    assert not load_recipe(write("rotation = 5\naugment = false")).augment


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("epochs = 3\nhidden = [20", "not TOML: end of document: unclosed array"),
        ("epochs = 3\n\nlimit 4", "not TOML: line 3: expected '=' after a key in a key/value pair"),
        ("epochs = 3\nepochs = 4\n", "not TOML: line 2: cannot overwrite a value"),
        (b"# \xe9", "not UTF-8 text"),
        ("epochs = 1.5", "epochs: 1.5 is not a whole number from 1 to 10,000"),
        ("epochs = true", "epochs: True is not a whole number from 1 to 10,000"),
        ("hidden = [20, 0]", "hidden: 20,0 is not a list of"),
        ("hidden = [20, [1]]", r"hidden: \(20, \[1\]\) is not a list of"),
        ("learning_rate = nan", "learning_rate: nan is not a finite number above 0"),
        ("learning_rate = 1979-05-27", "learning_rate: .* is not a finite number"),
        ('schedule = "linear"', "schedule: linear is not one of constant, step"),
        ('optimizer = "adam"\nmomentum = 0.5', "momentum: adam has no momentum"),
        ('name = "mine"', "name: not a setting of a recipe"),
        ("[training]\nepochs = 3", "training: not a setting of a recipe"),
        ('"\\u001b[31m" = 3', r"\\x1b\[31m: not a setting of a recipe"),
        ("x = " + "[" * 5000, "nested too deeply for a recipe"),
        ("epochs = " + "1" * 5000, "not TOML: exceeds the limit"),
        (b"#" * (MAX_SIZE + 1), "larger than 100,000 bytes, too large for a recipe"),
    ],
)
def test_faults(content: str | bytes, message: str) -> None:
    with pytest.raises(RecipeError, match=f"^mine.toml: {message}") as caught:
        load_recipe(write(content))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_files_that_cannot_be_read() -> None:
    for path, problem in (("none.toml", "no such file"), (".", "cannot be read: is a folder")):
        with pytest.raises(RecipeError, match=f"{path}: {problem}"):
            load_recipe(Path(path))
