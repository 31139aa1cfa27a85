"""Damaged bytes end in a recording or in an error of ours, never in anything else."""

import random
from pathlib import Path

import pytest

from cellwright import readers
from cellwright.core.errors import CellwrightError

FILES = [
    "testers/neware/test.ndax",
    "testers/neware/new_nda_file.nda",
    "testers/neware/TESTCELL0001-Test_Data_Collection_Ndc17.ndax",
    "testers/neware/nda_v8.nda.zip",
    "testers/maccor/maccor_example.001",
    "testers/maccor/maccor_two.txt",
    "testers/maccor/sample_data_maccor.csv",
    "testers/arbin/sample_data_arbin.csv",
    "testers/arbin/2017-05-09_test-TC-contact_CH33.csv",
    "safety/nissan_leaf_cell/Temperature-3C-discharge.lvm",
    "safety/nissan_leaf_cell/1C-Discharge-Bitrode-data.csv",
]
MUTATIONS = 25


def mutated(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    kind = chance.choice(["cut", "flip", "swap", "zero", "repeat", "junk"])
    at = chance.randrange(len(data))
    length = min(chance.choice([1, 16, 256]), len(data) - at)
    if kind == "cut":
        return bytes(data[:at])
    if kind == "flip":
        for _ in range(chance.choice([1, 5, 50])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == "swap":
        other = chance.randrange(len(data) - length + 1)
        data[at : at + length], data[other : other + length] = data[other : other + length], data[at : at + length]
    elif kind == "zero":
        data[at : at + length] = bytes(length)
    elif kind == "repeat":
        data[at:at] = data[at : at + length]
    else:
        data[at:at] = chance.randbytes(length)
    return bytes(data)


@pytest.mark.parametrize("name", FILES)
def test_damage_is_an_error_of_ours_or_a_recording(data: Path, tmp_path: Path, name: str):
    content = (data / name).read_bytes()
    chance = random.Random(name)
    path = tmp_path / Path(name).name
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(content, chance))
        try:
            found = readers.read_all(path, rate_hz=1.0)
        except CellwrightError as error:
            assert error.code != "readers.reader_failed", error
            assert path.name in error.text()
        else:
            assert all(r.table.height > 0 for r in found)
