"""Wrong input: one line each, other files go on, no traceback, nothing half-written, and the next run resumes."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.running import AS_ANYONE, CELLWRIGHT, lines_of, run


def outcome(folder: Path) -> tuple[list[str], list[str]]:
    whole = json.loads((folder / "out" / "assessment.json").read_text("utf-8"))
    return [a["battery"]["id"] for a in whole["assessments"]], [f["file"] for f in whole["failed"]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty"),
        ("letter.ndax", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "PDF"),
        ("cut.ndax", b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(range(200)), "cut.ndax"),
        ("no_voltage.csv", b"test_time_second,current_ampere\n0,1\n1,1\n", "voltage_volt"),
    ],
)
def test_a_file_that_is_no_recording_fails_alone(good: Path, name: str, content: bytes, said: str):
    (good.parent / name).write_bytes(content)
    done = run("assess", good, name, cwd=good.parent)
    assert done.returncode == 1
    assert len(lines_of(done)) == 1
    assert said in lines_of(done)[0]
    assert outcome(good.parent) == (["good.bdf"], [name])


def test_a_list_that_names_an_unknown_file_fails_for_that_row(good: Path):
    (good.parent / "batteries.csv").write_text("id,files\nA,good.bdf.csv\nB,gone.csv\n")
    done = run("assess", ".", cwd=good.parent)
    assert done.returncode == 1
    assert lines_of(done) == ["cellwright: batteries.csv: battery B names gone.csv, and no file there matches"]
    assert outcome(good.parent)[0] == ["A", "B"]


def test_a_misspelt_column_stops_before_anything_is_done(good: Path):
    (good.parent / "batteries.csv").write_text("id,rated_capacty_ah\nA,1\n")
    done = run("assess", good, "--batteries", "batteries.csv", cwd=good.parent)
    assert done.returncode == 2
    assert lines_of(done) == ["cellwright: batteries.csv: nobody knows `rated_capacty_ah`; did you mean `rated_capacity_ah`?"]
    assert not (good.parent / "out").exists()


def test_a_misspelt_key_in_a_rule_file_is_named(good: Path):
    (good.parent / "mine.yaml").write_text("name: mine\ndate: 2026-01-01\nkind: routing\ntitel: {en: x, ko: x}\nlimits: {}\n")
    done = run("assess", good, "--rules", "mine.yaml", cwd=good.parent)
    assert done.returncode == 2
    assert lines_of(done) == ["cellwright: mine.yaml: nobody knows `titel`; did you mean `title`?"]


def test_a_folder_without_permission_is_named_and_the_others_go_on(good: Path):
    if AS_ANYONE and not shutil.which("setpriv"):
        pytest.skip("as root, this needs setpriv")
    locked = good.parent / "locked"
    locked.mkdir()
    (locked / "a.csv").touch()
    locked.chmod(0)
    done = run("assess", good, "locked", cwd=good.parent, prefix=AS_ANYONE)
    locked.chmod(0o700)
    assert done.returncode == 1
    assert lines_of(done) == ["cellwright: locked cannot be opened: Permission denied; check its permissions"]
    assert outcome(good.parent)[0] == ["good.bdf"]


def test_a_place_that_cannot_be_written_to_is_named(good: Path):
    (good.parent / "out").write_text("a file, not a folder")
    done = run("assess", good, cwd=good.parent)
    assert done.returncode == 2
    assert len(lines_of(done)) == 1


def test_an_interrupted_run_leaves_whole_files_and_the_next_one_resumes(good: Path):
    folder = good.parent / "many"
    folder.mkdir()
    for n in range(60):
        shutil.copy(good, folder / f"cell-{n:02}.bdf.csv")
    work = good.parent / "out" / ".work"
    command = [*CELLWRIGHT, "assess", str(folder), "--jobs", "2"]
    started = subprocess.Popen(command, cwd=good.parent, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(work.glob("*.json")) and time.monotonic() < deadline and started.poll() is None:
        time.sleep(0.005)
    os.killpg(started.pid, signal.SIGINT)
    _, told = started.communicate(timeout=60)
    finished = len(list(work.glob("*.json")))
    assert started.returncode == 130, told
    assert 0 < finished < 60
    assert told.strip() == "cellwright: interrupted; what was done is kept, and the same command goes on from there"
    assert not list(good.parent.rglob("*.part"))
    assert not (good.parent / "out" / "assessment.json").exists()
    again = run("assess", folder, "--jobs", "2", cwd=good.parent)
    assert again.returncode == 0
    assert f"taken over from an earlier run: {finished}" in again.stderr
    assert len(outcome(good.parent)[0]) == 60


def test_an_unknown_verb_or_option_is_wrong_use(tmp_path: Path):
    assert run("asess", cwd=tmp_path).returncode == 2
    assert run("assess", "x", "--jobs", "0", cwd=tmp_path).returncode == 2
