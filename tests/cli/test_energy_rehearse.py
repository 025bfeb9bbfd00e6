"""`vettura energy rehearse`: a table, JSON, pictures; what cannot be is one line."""

import json
import shlex

import pytest

from house.test_energy_year import price_file
from make import ROOT, SHARED


@pytest.fixture
def small(tmp_path):
    """A home whose only drive is a short one, and a file of prices."""
    text = (ROOT / "examples" / "sole.toml").read_text("utf-8")
    path = tmp_path / "sole.toml"
    path.write_text(
        text.replace('work = "office"', 'work = "supermarket"').replace(
            "leisure_per_week = 2.5", "leisure_per_week = 0"
        )
    )
    return path, price_file(tmp_path, days=4)


def test_a_table_json_and_pictures(said, small, tmp_path) -> None:
    home, prices = small
    plots = tmp_path / "plots"
    code, out, err = said("energy", "rehearse", home, "--prices", prices, "--plots", plots)
    assert code == 0
    assert "planner + V2H" in out
    assert "the tariff's spread sets that" in err
    assert (plots / "savings.svg").stat().st_size > 1_000
    code, out, _ = said("energy", "rehearse", home, "--prices", prices, "--json", "--soc", 0)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["strategy"] for row in rows][-1] == "perfect foresight + V2H"
    assert all(row["bill"] >= rows[-1]["bill"] - 0.01 for row in rows)


def test_what_cannot_be_is_one_line(said, small, tmp_path) -> None:
    home, prices = small
    for words, wanted in (
        (("--soc", 120), "--soc 120: must lie between 0 and 100"),
        (("--days", 1), "--days 1: must lie between 3 and 366"),
        (("--year", 1900), "--year 1900: must lie between"),
        (("--gives-kw", 0), "--gives-kw 0: must be above 0"),
        (("--slot", 20), "slot"),
        (("--year", 2023), "the prices are of 2024"),
    ):
        code, _, err = said("energy", "rehearse", home, "--prices", prices, *words)
        assert code == 2, words
        assert wanted in err
    code, _, err = said("energy", "rehearse", home)
    assert code == 2
    assert "no prices are given" in err
    assert "--prices" in err
    bad = tmp_path / "bad.csv"
    bad.write_text("time_utc,price_eur_per_mwh\n2024-01-01T00:00Z,cheap\n")
    code, _, err = said("energy", "rehearse", home, "--prices", bad)
    assert code == 2
    assert "bad.csv: line 2" in err


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not here")
def test_the_command_of_the_page_does_what_it_says(said, monkeypatch) -> None:
    text = (ROOT / "docs" / "energy-year.md").read_text("utf-8")
    (block,) = [part.split("```")[0] for part in text.split("```sh\n")[1:]]
    monkeypatch.chdir(ROOT)
    for program, *words in map(shlex.split, block.splitlines()):
        assert program == "vettura"
        code, out, _ = said(*words)
        assert code == 0
        assert "perfect foresight" in out
