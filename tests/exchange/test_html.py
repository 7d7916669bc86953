"""The contents of the page's file."""

import base64
import hashlib
import json
import re
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnistmlp
from mnistmlp.brains.brain import Brain
from mnistmlp.core.network import Network
from mnistmlp.exchange import html
from mnistmlp.exchange.html import SCRIPTS, SOURCES, STYLES, make_page, write_page
from tests.exchange.conftest import brain_of


def random_brain(*sizes: int, dtype: str = "float32") -> Brain:
    network = Network((784, *sizes, 10), "sigmoid", "mse", dtype)
    network.parameters[:] = np.random.default_rng(0).normal(size=network.parameters.size)
    return Brain(network, None)


def embedded(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="brain">(.*?)</script>', page)
    document: dict[str, Any] = json.loads(text)
    return document


def weights_of(page: str) -> np.ndarray:
    document = embedded(page)
    data = zlib.decompress(base64.b64decode(document["weights"]), wbits=-15)
    size = np.dtype(document["dtype"]).itemsize
    planes = np.frombuffer(data, np.uint8).reshape(size, -1)
    return np.frombuffer(planes.T.tobytes(), document["dtype"])


def test_all_weights_are_in_the_page() -> None:
    brain = random_brain(20, 20, 20)
    page = make_page(brain, "brain.npz")
    np.testing.assert_array_equal(weights_of(page), brain.network.parameters)
    assert embedded(page)["sizes"] == [784, 20, 20, 20, 10]
    assert len(page.encode()) < 370_000


def test_double_precision_becomes_single() -> None:
    brain = random_brain(5, dtype="float64")
    weights = weights_of(make_page(brain, "brain.npz"))
    np.testing.assert_array_equal(weights, brain.network.parameters.astype(np.float32))


def test_large_networks_are_in_half_precision_if_they_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(html, "MAX_SINGLE_PRECISION", 1000)
    brain = random_brain(5)
    weights = weights_of(make_page(brain, "brain.npz"))
    np.testing.assert_array_equal(weights, brain.network.parameters.astype(np.float16))
    brain.network.parameters[0] = 70_000
    weights = weights_of(make_page(brain, "brain.npz"))
    np.testing.assert_array_equal(weights, brain.network.parameters)


def test_the_page_of_the_pretrained_brain_is_small(tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", mnistmlp.pretrained(), "pretrained")
    assert (tmp_path / "page.html").stat().st_size < 6_000_000


def test_the_policy_allows_only_the_script_and_the_style_by_digest() -> None:
    page = make_page(random_brain(5), "brain.npz")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for kind, element in (
        ("script-src", r"<script>(.*?)</script>"),
        ("style-src", r"<style>(.*?)</style>"),
    ):
        (text,) = re.findall(element, page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules.pop(kind) == f"'sha256-{digest}'"
    assert rules.pop("img-src") == "data:"
    assert rules.keys() >= {"default-src", "connect-src", "form-action", "base-uri"}
    assert set(rules.values()) == {"'none'"}


def test_text_of_a_brain_is_not_parsed_as_html() -> None:
    evil = "</script><img src=x onerror=alert(1)><!--<script>$script"
    plain = random_brain(5)
    brain = brain_of(plain.network, recipe={"name": evil}, accuracy={"validation": 0.5})
    page = make_page(brain, evil)
    assert page.count("<") == make_page(plain, "brain.npz").count("<")
    document = embedded(page)
    assert (document["name"], document["recipe"]) == (evil, evil)
    assert document["validation"] == 0.5


def test_no_inline_handlers_or_styles_and_every_file_is_joined() -> None:
    page = (SOURCES / "page.html").read_text()
    assert re.findall(r"\s(on\w+|style)=", page) == []
    assert {path.name for path in Path(str(SOURCES)).glob("*.js")} == {
        f"{name}.js" for name in SCRIPTS
    }
    assert {path.name for path in Path(str(SOURCES)).glob("*.css")} == {
        f"{name}.css" for name in STYLES
    }


def test_no_name_of_a_script_is_given_twice() -> None:
    """In the joined script the second function of a name would replace the first."""
    declared = r"^(?:async )?(?:function|class|const|let) (\w+)"
    scripts = "\n".join((SOURCES / f"{name}.js").read_text() for name in SCRIPTS)
    names = re.findall(declared, scripts, re.MULTILINE)
    assert [name for name, count in Counter(names).items() if count > 1] == []
    ids = re.findall(r'\bid="([^"]*)"', (SOURCES / "page.html").read_text())
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def luminance(colour: str) -> float:
    levels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in levels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_that_wcag_level_aa_requires(theme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", (SOURCES / "theme.css").read_text(), re.DOTALL)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    text = [("ink", "muted"), ("ground", "card", "wash")]
    pairs = [(one, other, 4.5) for one in text[0] for other in text[1]]
    pairs += [("on-accent", "accent", 4.5), ("accent", "card", 3), ("accent", "wash", 3)]
    pairs += [("edge", "card", 3), ("for", "card", 3), ("against", "card", 3)]
    for one, other, least in pairs:
        low, high = sorted(luminance(colours[name]) for name in (one, other))
        assert (high + 0.05) / (low + 0.05) >= least, f"{one} on {other}"
