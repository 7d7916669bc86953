import threadpoolctl

from mnistmlp.blas import limited_threads


def threads() -> list[int]:
    return [
        library["num_threads"]
        for library in threadpoolctl.threadpool_info()
        if library["user_api"] == "blas"
    ]


def test_threads_are_limited_within_the_block() -> None:
    before = threads()
    assert before
    with limited_threads(1):
        assert set(threads()) == {1}
    assert threads() == before
    with limited_threads(None):
        assert threads() == before
