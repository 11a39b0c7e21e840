"""Shards come back to the last bit, or are known to be damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kinaptic.analysis.running import shards
from kinaptic.analysis.running.shards import Damaged, Results

KEYS = [bytes([i]) * 32 for i in range(5)]
NUMBERS = np.array([[1.0, -0.0], [np.nan, np.inf], [1 / 3, 5e-324], [2.0, 3.0], [np.nan, np.nan]])
RESULTS = Results(KEYS, NUMBERS, ["ok", "ok", "ok", "µ failed: “why”", ""], ["", "", "a delay", "", ""])


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    called = shards.write(tmp_path, RESULTS)
    assert called == shards.write(tmp_path, RESULTS)
    found = shards.read(tmp_path / called)
    assert (found.keys, found.status, found.alone) == (RESULTS.keys, RESULTS.status, RESULTS.alone)
    assert found.numbers.tobytes() == NUMBERS.tobytes()
    assert [each.name for each in tmp_path.iterdir()] == [called]  # nothing is left behind


def test_other_results_are_another_shard(tmp_path: Path) -> None:
    other = Results(KEYS, NUMBERS + 1e-16, RESULTS.status, RESULTS.alone)
    turned = Results(KEYS[::-1], NUMBERS, RESULTS.status, RESULTS.alone)
    assert len({shards.write(tmp_path, each) for each in (RESULTS, other, turned)}) == 3


def test_a_byte_that_changed_is_seen(tmp_path: Path) -> None:
    many = Results(
        [i.to_bytes(32) for i in range(500)],
        np.linspace(1, 2, 1000).reshape(500, 2),
        ["ok"] * 500,
        [""] * 500,
    )
    path = tmp_path / shards.write(tmp_path, many)
    whole = path.read_bytes()
    for place in range(0, len(whole), 41):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        with pytest.raises(Damaged, match="is not as it was written"):
            shards.read(path)


@pytest.mark.parametrize("left", [0, 3, 100, -1])
def test_a_file_cut_short_is_seen(tmp_path: Path, left: int) -> None:
    path = tmp_path / shards.write(tmp_path, RESULTS)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(Damaged):
        shards.read(path)


def test_what_is_no_shard_is_seen(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="is not there"):
        shards.read(tmp_path / "gone.parquet")
    pd.DataFrame({"key": [1]}).to_parquet(tmp_path / "table.parquet")
    with pytest.raises(Damaged, match="is not as it was written"):
        shards.read(tmp_path / "table.parquet")


def test_half_written_files_are_not_shards(tmp_path: Path) -> None:
    called = shards.write(tmp_path, RESULTS)
    (tmp_path / "abc.part").write_bytes(b"half")
    assert [each.name for each in shards.present(tmp_path)] == [called]
