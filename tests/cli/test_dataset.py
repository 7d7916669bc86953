"""Fashion-MNIST and Kuzushiji-MNIST by name, with small files of their form."""

import gzip
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mnistmlp.data import download
from mnistmlp.data.catalog import FILES, DataFile, DatasetName
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.folder import cache_folder_of
from mnistmlp.data.load import load
from mnistmlp.data.record import read_record
from mnistmlp.errors import MixedDataError
from tests.cli.conftest import Run
from tests.faulty_server import Answer, Mirror, serving

TINY = ["--hidden", "none", "--epochs", 1, "--validation", 100, "--quiet"]


@contextmanager
def publishing(
    dataset: DatasetName, folder: Path, patch: pytest.MonkeyPatch, *, packed: bool = False
) -> Iterator[Mirror]:
    """Let the files of a folder be those of a data set, compressed on a server."""
    files = []
    with serving() as mirror:
        for file in FILES["mnist"]:
            content = (folder / file.name).read_bytes()
            whole = gzip.compress(content, mtime=0)
            mirror.by_path[f"/data/{file.name}.gz"] = Answer(whole, ranges=True)
            digest = "" if packed else hashlib.sha256(content).hexdigest()
            known = (len(whole), hashlib.sha256(whole).hexdigest()) if packed else ()
            files.append(DataFile(file.name, len(content), digest, dataset, *known))
        patch.setitem(FILES, dataset, files)
        patch.setitem(download.OTHER_MIRRORS, dataset, (mirror.url,))
        yield mirror


@pytest.fixture(params=["fashion", "kmnist"])
def dataset(
    request: pytest.FixtureRequest, small: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    with publishing(request.param, small, monkeypatch, packed=request.param == "kmnist"):
        yield request.param


def test_a_data_set_by_name_from_the_first_use_to_the_brain(
    run: Run, dataset: DatasetName, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = run("train", "--dataset", dataset, "--output", "b.npz", *TINY[:-1])
    assert trained.exit_code == 0
    assert trained.stderr.count("fetched and verified") == 4
    assert f" on {dataset} in " in trained.stderr
    assert Path(f"cache/mnistmlp/{dataset}/t10k-labels-idx1-ubyte").is_file()
    monkeypatch.setitem(download.OTHER_MIRRORS, dataset, ("http://127.0.0.1:1",))
    for words in (["evaluate", "b.npz"], ["predict", "--index", 3, "--brain", "b.npz"]):
        taken = run(*words)  # the brain's own
        assert taken.exit_code == 0
        assert taken.stderr.endswith(f", which the brain was trained on (--dataset {dataset})\n")
        named = run(*words, "--dataset", dataset)
        assert (named.stdout, named.stderr) == (taken.stdout, "")
        other = run(*words, "--data-dir", small)  # recognised where digests are published
        assert (other.exit_code, other.stderr) == (0, "")
    again = run("train", "--like", "b.npz", "--output", "again.npz")
    assert again.stderr.endswith("the weights equal those of b.npz\n")
    more = run("train", "--init", "b.npz", "--output", "more.npz", *TINY[2:-1])
    assert more.stderr.startswith("note: using ")
    assert f" on {dataset} in " in more.stderr
    assert run("train", "--dataset", dataset, "--synthetic", 0.1, *TINY).exit_code == 2
    tune = ["tune", "--trials", 1, *TINY[2:-1]]
    tuned = run(*tune, "--init", "b.npz")
    assert tuned.exit_code == 0
    first = tuned.stderr.splitlines()[0]
    assert first.endswith(f", which the brain was trained on (--dataset {dataset})")
    refused = run(*tune, "--dataset", dataset, "--synthetic", 0.1)
    assert refused.stderr == "error: --synthetic: adds digits to images of other classes\n"
    assert [each.name for each in load(dataset)] == [dataset, dataset]


def test_what_a_record_or_the_packed_file_tells(dataset: DatasetName, small: Path) -> None:
    """Digests of the content are published for one, of the .gz files for the other."""
    told = dataset == "fashion"
    folder = Path("own")
    folder.mkdir()
    for path in small.iterdir():
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    assert load(dataset, folder=folder)[0].name == dataset
    shutil.copy(small / "train-labels-idx1-ubyte", folder)
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    assert (load_dataset(folder, "train").name == dataset) == told
    if not told:
        with pytest.raises(MixedDataError, match="not known to hold Kuzushiji-MNIST"):
            load(dataset, folder=folder)


def test_damage_is_noticed_and_repaired(run: Run, dataset: DatasetName) -> None:
    assert run("download", "--dataset", dataset).exit_code == 0
    folder = cache_folder_of(dataset)
    path = folder / "t10k-labels-idx1-ubyte"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    shutil.copy(folder / "train-labels-idx1-ubyte", "kept")
    result = run("evaluate", "--dataset", dataset, "pretrained")
    assert (result.exit_code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith(f"error: {path}: changed since it was written: SHA-256")
    assert hint == f"hint: mnistmlp download --dataset {dataset}"
    again = run("download", "--dataset", dataset)
    assert again.stderr.count("exists, verified") == 3
    assert path.read_bytes() == content
    told = {entry.dataset for entry in read_record(folder).values()}
    assert told == ({"kmnist"} if dataset == "kmnist" else {""})


def test_other_bytes_are_refused(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch, mirror: Mirror
) -> None:
    monkeypatch.setattr(download, "PAUSES", ())
    name = "train-images-idx3-ubyte"
    content = (small / name).read_bytes()
    with publishing("kmnist", small, monkeypatch, packed=True) as good:
        right = good.by_path[f"/data/{name}.gz"].body
        for other, reason in (
            (gzip.compress(content, 0), "the .gz file has SHA-256 "),  # packed otherwise
            (right[:-4] + bytes(4), "damaged gzip stream"),
            (right[:-4], f"the .gz file has {len(right) - 4} bytes, not {len(right)}"),
            (right[:999], "ended after "),
            (content, "the .gz file has SHA-256 "),
        ):
            mirror.by_path[f"/data/{name}.gz"] = Answer(other)
            result = run("download", "--dataset", "kmnist", "--mirror", mirror.url)
            assert (result.exit_code, result.stdout) == (1, "")
            assert f"  {mirror.url}: {reason}" in result.stderr
            assert "--dataset synthetic" not in result.stderr  # these would be digits
            assert not cache_folder_of("kmnist").exists()
        cut = Answer(right, cut=70_000, ranges=True)  # and then resumed
        mirror.by_path = {**good.by_path, f"/data/{name}.gz": cut}
        monkeypatch.setattr(download, "PAUSES", (0.0,))
        result = run("download", "--dataset", "kmnist", "--mirror", mirror.url)
        assert result.stderr.count("fetched and verified") == 4
        assert mirror.requests[-4]["Range"].startswith("bytes=")


def test_a_folder_of_another_data_set_is_noticed(
    run: Run, mnist: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTMLP_DATA_DIR", str(mnist))
    words = ["evaluate", "pretrained", "--dataset"]
    for name, title in (("fashion", "Fashion-MNIST"), ("kmnist", "Kuzushiji-MNIST")):
        result = run(*words, name)
        assert (result.exit_code, result.stdout) == (1, "")
        error, hint = result.stderr.splitlines()
        assert error == f"error: {mnist}: holds MNIST, not {title}"
        assert hint.startswith("hint: MNISTMLP_DATA_DIR names this folder; without it ")
    assert run(*words, "mnist", "--data-dir", small).exit_code == 0  # a variant, of MNIST's form
    with publishing("fashion", small, monkeypatch):
        result = run(*words, "mnist", "--data-dir", small)
        assert result.stderr.startswith(f"error: {small}: holds Fashion-MNIST, not MNIST\n")
        result = run("evaluate", "pretrained", "--data-dir", small)
        assert result.exit_code == 0
        assert result.stderr.splitlines()[0] == (
            "warning: these images are of other classes (T-shirt/top, Trouser …) than the brain "
            "was trained on (0, 1 …)"
        )


def test_the_bundled_brain_is_for_digits(run: Run) -> None:
    result = run("predict", "--index", 3, "--dataset", "fashion")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "error: --brain: no brain.npz here, and the bundled brain knows digits only",
        "hint: mnistmlp train --dataset fashion",
    ]
