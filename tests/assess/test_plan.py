"""Which files belong to which battery."""

from pathlib import Path

import pytest

from cellwright.assess.plan import files_of, plan
from cellwright.core.errors import ListError, UsageError


def touch(folder: Path, *names: str) -> list[Path]:
    paths = [folder / n for n in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def test_without_a_list_each_file_is_a_battery_named_by_its_stem(tmp_path: Path):
    touch(tmp_path, "a.csv", "b.ndax", "notes.md", ".hidden.csv")
    assert [job.battery.id for job in plan([tmp_path]).jobs] == ["a", "b"]


def test_equal_stems_get_a_short_hash_each(tmp_path: Path):
    touch(tmp_path, "x/a.csv", "y/a.csv")
    ids = [job.battery.id for job in plan([tmp_path]).jobs]
    assert len(set(ids)) == 2
    assert all(i.startswith("a-") and len(i) == 8 for i in ids)


def test_a_folders_own_list_says_which_files_belong_together(tmp_path: Path):
    touch(tmp_path, "one.csv", "two.csv", "notes.csv")
    (tmp_path / "stray.csv").write_text("test_time_second,voltage_volt,current_ampere\n0,3.7,0\n")
    (tmp_path / "batteries.csv").write_text("id,rated_capacity_ah,files\nB1,10,one.csv;tw*.csv\n")
    found = plan([tmp_path])
    assert [(j.battery.id, [f.name for f in j.files]) for j in found.jobs] == [("B1", ["one.csv", "two.csv"])]
    assert [(f.file, f.code) for f in found.failed] == [("stray.csv", "assess.unclaimed")]


def test_a_row_without_files_claims_the_file_whose_stem_is_its_id(tmp_path: Path):
    a, b = touch(tmp_path, "A.csv", "B.csv")
    batteries = tmp_path / "list.csv"
    batteries.write_text("id,rated_capacity_ah\nA,10\n")
    jobs = plan([a, b], batteries).jobs
    assert [(j.battery.id, j.battery.rated_capacity_ah, j.own) for j in jobs] == [("A", 10.0, False), ("B", None, True)]


def test_a_row_that_names_an_unknown_file_fails_alone(tmp_path: Path):
    touch(tmp_path, "one.csv")
    (tmp_path / "batteries.csv").write_text("id,files\nB1,one.csv\nB2,gone.csv\n")
    found = plan([tmp_path])
    assert [j.battery.id for j in found.jobs] == ["B1", "B2"]
    assert found.failed[0].text() == "batteries.csv: battery B2 names gone.csv, and no file there matches"


def test_a_misspelt_column_is_one_line_with_the_right_name(tmp_path: Path):
    touch(tmp_path, "one.csv")
    (tmp_path / "batteries.csv").write_text("id,file\nB1,one.csv\n")
    with pytest.raises(ListError, match=r"nobody knows `file`; did you mean `files`\?"):
        plan([tmp_path])


def test_a_path_that_does_not_exist_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match="gone does not exist"):
        plan([tmp_path / "gone"])
    with pytest.raises(UsageError, match="gone does not exist"):
        files_of([tmp_path / "gone"])


def test_an_empty_folder_is_told(tmp_path: Path):
    with pytest.raises(UsageError, match="no files to assess"):
        plan([tmp_path])


def test_a_list_in_koreas_old_encoding_is_read(tmp_path: Path):
    touch(tmp_path, "one.csv")
    (tmp_path / "batteries.csv").write_bytes("id,purpose,files\n광주-1,전기차,one.csv\n".encode("cp949"))
    assert plan([tmp_path]).jobs[0].battery.id == "광주-1"


def test_one_id_in_two_lists_is_refused(tmp_path: Path):
    for folder in ("x", "y"):
        touch(tmp_path, f"{folder}/a.csv")
        (tmp_path / folder / "batteries.csv").write_text("id,files\nB1,a.csv\n")
    with pytest.raises(UsageError, match="the same batteries: B1"):
        plan([tmp_path / "x", tmp_path / "y"])


def test_a_glob_may_be_absolute_or_mean_the_files_that_are_given(tmp_path: Path):
    far, near = touch(tmp_path, "far/a-17.csv", "near/b-18.csv")
    batteries = tmp_path / "list" / "batteries.csv"
    batteries.parent.mkdir()
    batteries.write_text(f"id,files\nA,{tmp_path}/far/a-*.csv\nB,b-*.csv\n")
    found = plan([near], batteries)
    assert [(j.battery.id, j.files) for j in found.jobs] == [("A", (far,)), ("B", (near,))]
    assert found.failed == ()


def test_a_name_with_brackets_means_itself(tmp_path: Path):
    (path,) = touch(tmp_path, "2-1-6_61[07005012].nda")
    (tmp_path / "batteries.csv").write_text(f"id,files\nA,{path.name}\n")
    assert plan([tmp_path]).jobs[0].files == (path,)
