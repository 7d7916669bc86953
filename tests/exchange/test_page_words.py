"""The words of the page: all stand in one file, and a class can have its own."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mnistmlp.exchange import html
from mnistmlp.exchange.html import SCRIPTS, SOURCES, STYLES, make_page
from tests.exchange.conftest import Open, draw, random_brain, until

FILE = (SOURCES / "words.json").read_text(encoding="utf-8")
WORDS: dict[str, Any] = json.loads(FILE)
READ_ALOUD = {  # attributes with words for people, and what names the words
    "aria-label": "data-label",
    "aria-roledescription": "data-role",
    "data-drop": "data-drop",
    **dict.fromkeys(("title", "alt", "placeholder"), "none"),
}
TERMS = {  # what looks like words in a literal and is none
    *("use strict", "Home", "End", "Escape", "Enter", "Infinity"),
    *("PageUp", "PageDown", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"),
}


class _Template(HTMLParser):
    """Collects the words of the template, each with the name that is given for it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str | None]] = []
        self.name: str | None = None
        self.raw = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.raw = tag in ("script", "style")
        self.name = given.get("data-word")
        for attribute in READ_ALOUD.keys() & given.keys():
            if attribute != "data-drop":
                self.found.append((given[attribute] or "", given.get(READ_ALOUD[attribute])))

    def handle_data(self, data: str) -> None:
        if not self.raw and re.search(r"[^\W\d_]", data):
            self.found.append((data.strip(), self.name))
        self.name = None


def test_the_words_of_the_template_are_those_of_the_file() -> None:
    template = _Template()
    template.feed((SOURCES / "page.html").read_text(encoding="utf-8"))
    assert len(template.found) > 15  # those that may be seen before the script runs
    broken = "The words of this page are not valid JSON."
    for text, name in template.found:
        assert text == broken or text == WORDS[name or "without a name"], text


def literals(script: str) -> list[str]:
    """Return the string and template literals of a script, the latter without their values."""
    code = re.sub(r"/\*.*?\*/|(?<![:\"'`\\])//[^\n]*", "", script, flags=re.DOTALL)
    found = re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)
    return found + [re.sub(r"\$\{[^}]*\}", "", each) for each in re.findall(r"`([^`]*)`", code)]


def test_no_words_stand_elsewhere() -> None:
    """Two words in a row, or one with a capital, are for people: names of things have neither."""
    words = r"[^\W\d_]{2,} [^\W\d_]{2,}|^[^\W\d_a-z][a-z]{2,}"
    for name in SCRIPTS:
        for literal in literals((SOURCES / f"{name}.js").read_text(encoding="utf-8")):
            assert not re.search(words, literal) or literal in TERMS, f"{name}.js: {literal}"
    for name in STYLES:
        style = (SOURCES / f"{name}.css").read_text(encoding="utf-8")
        for content in re.findall(r"content: ([^;]*);", style):
            assert not re.search(r'"[^"]*[^\W\d_]', content), f"{name}.css: {content}"


def test_no_word_has_the_name_of_another() -> None:
    names = re.findall(r'^ "(\w[\w-]*)":', FILE, re.MULTILINE)
    assert sorted(names) == sorted(WORDS)


def test_every_word_is_used_and_every_name_has_words() -> None:
    sources = [(SOURCES / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    sources.append((SOURCES / "page.html").read_text(encoding="utf-8"))
    source = "\n".join(sources)
    for name in WORDS.keys() - {"how"}:
        family = f"`{name.split('-')[0]}-${{"  # such as word(`hint-${mode}`)
        assert f'"{name}"' in source or f"WORDS.{name}" in source or family in source, name
    for name in re.findall(r'\bword\("([^"]+)"', source):
        assert name in WORDS, name


# --- In another language -----------------------------------------------------

pseudo = re.compile(r"⟦[^⟧]*⟧")  # every word of the file is put in these
LEFT = """(attributes) => {
    const found = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
        if (!walker.currentNode.parentElement.closest("script, style, noscript, #broken"))
            found.push(walker.currentNode.textContent);
    for (const name of attributes)
        for (const each of document.querySelectorAll(`[${name}]`))
            found.push(each.getAttribute(name));
    return found;
}"""


def translated(words: dict[str, Any]) -> dict[str, Any]:
    """Put everything that the page shows between brackets, values in the braces outside of them."""

    def mark(text: str) -> str:
        return "⟦" + re.sub(r"(\{\w+\})", r"⟧\1⟦", text) + "⟧"

    marked = {
        key: mark(value) if isinstance(value, str) else [mark(each) for each in value]
        for key, value in words.items()
    }
    return marked | {"lang": "de"}


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch, open_page: Open) -> Page:
    """A page in a language of brackets."""
    read, text = html._read_file, json.dumps(translated(WORDS), ensure_ascii=False)
    monkeypatch.setattr(html, "_read_file", lambda n: text if n == "words.json" else read(n))
    path = Path("page.html").resolve()
    path.write_text(make_page(random_brain(30, 20), "b.npz"), encoding="utf-8")
    return open_page(path)


def check_words(page: Page) -> None:
    """Check that no letters are shown that do not stand in the file, but those of formulas."""
    known = r"\b(?:b\.npz|[a-zδσΣΔW][ˡᴸ⁰¹²³⁴⁻ᵀ]*|tanh|exp|max)\b|\)ᵀ|é \N{SNOWMAN}"
    for text in page.evaluate(LEFT, [name for name in READ_ALOUD if name != "data-drop"]):
        left = re.sub(known, "", pseudo.sub(" ", text))
        assert not re.search(r"[^\W\d_]", left), text


@pytest.mark.browser
def test_a_page_in_another_language_has_no_english_left(foreign: Page) -> None:
    check_words(foreign)
    draw(foreign, 3)
    expect(foreign.locator("#reading")).to_contain_text("⟦")
    foreign.locator("#neurons button").nth(2).focus()
    check_words(foreign)
    assert foreign.evaluate("document.documentElement.lang") == "de"
    foreign.locator("#step-through").click()
    for _ in range(4):
        check_words(foreign)
        foreign.keyboard.press("PageDown")
    foreign.keyboard.press("Escape")
    foreign.locator("#edit").click()
    foreign.locator("#change").click()
    expect(foreign.locator("#changed")).to_contain_text("⟦")
    check_words(foreign)
    foreign.locator("#labels label").nth(7).click()
    foreign.locator("#step").click()
    check_words(foreign)
    foreign.locator("#keep").click()
    foreign.locator("#train").click()
    until(foreign, "classroom.school.training?.epochs > 0")
    check_words(foreign)
    foreign.locator("#train").click()
    check_words(foreign)
    foreign.locator("#camera").click()
    expect(foreign.locator("#message")).to_contain_text("⟦")
    check_words(foreign)


@pytest.mark.browser
def test_words_are_edited_in_an_exported_page(open_page: Open) -> None:
    page = make_page(random_brain(5), "b.npz")
    assert FILE.replace("<", "\\u003c").strip() in page
    path = Path("page.html").resolve()
    path.write_text(page.replace('"begin": "Draw a digit to begin"', '"begin": "Male eine Ziffer"'))
    expect(open_page(path).locator("#reading")).to_have_text("Male eine Ziffer")


@pytest.mark.browser
def test_words_that_are_no_json_are_said_to_be_none(browser: Any) -> None:
    path = Path("page.html").resolve()
    path.write_text(make_page(random_brain(5), "b.npz").replace('"lang": "en",', '"lang": "en"'))
    page = browser.new_page()
    page.goto(path.as_uri())
    expect(page.locator("#broken")).to_be_visible()
    page.close()
