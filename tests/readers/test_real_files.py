"""Every real tester file of the formats that are read: it reads, and what it says holds together."""

from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import ReadError, UnknownFormat
from cellwright.core.recording import Recording
from tests.readers.charge import by_step

NEWARE = [
    "neware/123456789012_Unit27_Example_Data_File.ndax",
    "neware/2-1-6_61[07005012].nda",
    "neware/2-1-6_61_07005012.nda.zip",
    "neware/46_1_5_60_ZZZZZZZZTEST_20250924092922.ndax",
    "neware/BTS85-36-6-5-110-20240424.ndax",
    "neware/SIM.nda.zip",
    "neware/TESTCELL0001-Test_Data_Collection_Ndc17.ndax",
    "neware/TestFile.nda",
    "neware/TestFile.nda.zip",
    "neware/Unit27_Example_Corrupt.ndax",
    "neware/ZZZZZZZZTEST.ndax",
    "neware/nda_v23.nda.zip",
    "neware/nda_v8.nda.zip",
    "neware/new_nda_file.nda",
    "neware/new_nda_file.nda.zip",
    "neware/neware_uio.csv",
    "neware/nw4-120-1-6-53.ndax",
    "neware/nw4-120-6-1-36.ndax",
    "neware/scrubbed_ndc2.ndax",
    "neware/test.ndax",
    "neware/test_2.ndax",
]
MACCOR = [
    "maccor/PreDiag_000229_000229_truncated.034",
    "maccor/PredictionDiagnostics_000109_tztest.010",
    "maccor/PredictionDiagnostics_000151_paused.052",
    "maccor/maccor_001.txt",
    "maccor/maccor_example.001",
    "maccor/maccor_example.002",
    "maccor/maccor_one.txt",
    "maccor/maccor_two.txt",
    "maccor/sample_data_maccor.csv",
    "maccor/xTESLADIAG_000019_CH70.070",
]
ARBIN = [
    "arbin/20160805_test001_45_cc_01.res",
    "arbin/20210210_FC_01_cc_01.res",
    "arbin/arbin_example.res",
    "arbin/aux_multi_x.res",
    "arbin/2017-05-09_test-TC-contact_CH33.csv",
    "arbin/arbin_example.csv",
    "arbin/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx",
    "arbin/sample_data_arbin.csv",
]
BDF = [
    "bdf/DLR__LiGrHydra0b__20230131__POCV__25degC__Basytec.bdf.csv",
    "bdf/SINTEF__SLPBA842124HV__2024-10-23__Rate_25degC__Neware__Time_Bug.bdf.csv",
]
OTHER_TEXTS = [
    "pec/Test25195.csv",
    "pec/pec.csv",
    "basytec/sample_data_basytec.txt",
    "novonix/sample_data_novonix.csv",
    "landt/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv",
]
STORES = [
    "biologic/250116_kigr_gen6_01_01_GCPL_CD8.mpr",
    "biologic/250116_kigr_gen6_01_02_GCPL_CD8.mpr",
    "biologic/Sample_data_biologic_01_MB_CA1.txt",
    "biologic/Sample_data_biologic_timestamped.txt",
    "biologic/biol.mpr",
    "biologic/ca.issue_149.mpr",
    "biologic/ca.mpr",
    "biologic/coc.issue_185.mpr",
    "biologic/cov.issue_185.mpr",
    "biologic/cp.issue_149.mpr",
    "biologic/cp.issue_61.mpr",
    "biologic/cp.mpr",
    "biologic/cv.mpr",
    "biologic/gcpl.issue_149.mpr",
    "biologic/gcpl.issue_175.mpr",
    "biologic/gcpl.issue_226.CxN.mpr",
    "biologic/gcpl.issue_228.mpr",
    "biologic/gcpl.mpr",
    "biologic/lsv.mpr",
    "biologic/mb.issue_95.mpr",
    "biologic/mb.issue_95.mpt",
    "biologic/ocv.mpr",
    "biologic/test_C01.mpr",
    "indigo/indigo_test_sample.h5",
]
ARCHIVES = [
    "batteryarchive/CALCE_CX2-33_prism_LCO_25C_0-100_0.5-0.5C_d_timeseries.csv",
    "batterydata_nrel/p492-13-raw.csv",
]
BITRODE = [
    "1C-Discharge-Bitrode-data.csv",
    "2C-Discharge-Bitrode-data.csv",
    "3C-Discharge-Bitrode-data.csv",
    "NissanLeaf-cell-Cycling-10C-24C-40C.csv",
    "NissanLeaf-cell-Low-Current-HPPC-10C.csv",
    "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv",
    "NissanLeaf-cell-Low-Current-HPPC-40C-1.csv",
]
READ = [f"testers/{name}" for name in [*NEWARE, *MACCOR, *ARBIN, *BDF, *OTHER_TEXTS, *STORES, *ARCHIVES]] + [
    f"safety/nissan_leaf_cell/{name}" for name in BITRODE
]

REFUSED = {
    "arbin/2017-05-09_test-TC-contact_CH33_Metadata.csv": "readers.metadata_only",
    "neware/Experiment_Record.xlsx": "readers.unknown_workbook",
}

# Where steps deviate from the tester's counter by more than the rule allows, and why it is not the reader.
EXPLAINED = {
    "2-1-6_61[07005012].nda": "pulse test: only the ends of the pulses are recorded, the charge lies between them",
    "2-1-6_61_07005012.nda.zip": "the same test, packed",
    "SIM.nda.zip": "recorded currents end at ±200 A, the counter goes on to 295 A",
    "new_nda_file.nda": "51 records a step, the first at zero current: half an interval in fifty",
    "new_nda_file.nda.zip": "the same test, packed",
    "nw4-120-1-6-53.ndax": "constant-voltage steps of three records, in which the current falls to a fraction",
    "test_2.ndax": "the counter is 0.300 s ahead of the step's time in every step; it shows in steps of seconds",
    "PredictionDiagnostics_000109_tztest.010": "the current falls within the first 30 s interval of two charges at constant voltage",
    "bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx": "the last step has three records",
    "sample_data_arbin.csv": "one step of two records, with its time in milliseconds",
    "SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv": "currents of about 0.18 mA, printed to 0.1 mA",
    "250116_kigr_gen6_01_02_GCPL_CD8.mpr": "the first record of two steps is still at rest: half an interval",
    "ca.issue_149.mpr": "the half cycle, and with it the counter, changes one record after the loop",
    "ca.mpr": "a current of nanoamperes that changes its sign, sampled every 60 s",
    "coc.issue_185.mpr": "the current changes between records 5 s apart",
    "cp.issue_149.mpr": "the half cycle, and with it the counter, changes one record after the loop",
    "cp.issue_61.mpr": "a step of two records, 0.2 ms apart",
    "cv.mpr": "a voltammogram, sampled every 20 s",
    "gcpl.issue_149.mpr": "the first record of a step has its current, not its charge: half an interval in ten",
    "gcpl.issue_226.CxN.mpr": "steps of eight records that begin within an interval",
    "gcpl.issue_228.mpr": "the falling current at constant voltage is the mean of each 30 s interval",
    "indigo_test_sample.h5": "a current that changes between records 15 s apart",
    "p492-13-raw.csv": "a few records a step, minutes apart, in pulses and at constant voltage; the throughput jumps between steps",
}
# The counter's last printed digit [Ah], where it is coarse.
RESOLUTION_AH = dict.fromkeys(BITRODE, 0.01) | {"sample_data_maccor.csv": 0.001}

CHARGES = {"C", "CHRG", "CC_Chg", "CV_Chg", "CCCV_Chg", "CC Chg", "Charge", "charge CC"}
DISCHARGES = {"D", "DCHG", "CC_DChg", "CCCV_DChg", "CC DChg", "Discharge", "discharge CC"}
RESTS = {"R", "REST", "Rest", "Pause", "Idle", "rest"}


class Recordings(dict[str, Recording]):
    """Recordings by file; a test of a file that this folder of data does not hold is skipped."""

    def __missing__(self, name: str) -> Recording:
        pytest.skip(f"{name} is not in the data folder")


@pytest.fixture(scope="module")
def recordings(data: Path) -> dict[str, Recording]:
    return Recordings({name: readers.read(data / name) for name in READ if (data / name).exists()})


@pytest.mark.parametrize("name", READ)
def test_a_file_reads_with_rows_and_every_required_column(recordings: dict[str, Recording], name: str) -> None:
    table = recordings[name].table
    assert table.height > 0
    for column in ("test_time_second", "voltage_volt", "current_ampere", "record_index"):
        assert table[column].null_count() == 0
    assert recordings[name].source.file == Path(name).name


@pytest.mark.parametrize("name", READ)
def test_time_never_runs_backwards(recordings: dict[str, Recording], name: str) -> None:
    assert (recordings[name].table["test_time_second"].diff().drop_nulls() >= 0).all()


@pytest.mark.parametrize("name", READ)
def test_steps_and_cycles_never_fall_and_steps_grow_by_one(recordings: dict[str, Recording], name: str) -> None:
    table = recordings[name].table
    if "step_count" in table.columns:
        assert table["step_count"].diff().drop_nulls().is_between(0, 1).all()
    if "cycle_count" in table.columns:
        assert (table["cycle_count"].diff().drop_nulls() >= 0).all()


@pytest.mark.parametrize("name", READ)
def test_the_sign_of_the_current_agrees_with_the_state(recordings: dict[str, Recording], name: str) -> None:
    table = recordings[name].table
    if "step_type" not in table.columns:
        pytest.skip("the file has no state")
    current, state = pl.col("current_ampere"), pl.col("step_type")
    assert table.filter(state.is_in(CHARGES) & (current < 0)).is_empty()
    assert table.filter(state.is_in(DISCHARGES) & (current > 0)).is_empty()
    # Bitrode's display shows up to 0.02 A of 300 A at rest.
    assert table.filter(state.is_in(RESTS) & (current.abs() > 0.05)).is_empty()


@pytest.mark.parametrize("name", READ)
def test_the_charge_agrees_with_the_testers_own_counter(recordings: dict[str, Recording], name: str) -> None:
    steps = by_step(recordings[name].table)
    if steps is None or steps.is_empty():
        pytest.skip("no counter, or no charge moved")
    allowed = pl.when(pl.col("interval_s") <= 1).then(0.001).otherwise(0.005) * pl.col("counted_ah").abs()
    resolution = RESOLUTION_AH.get(Path(name).name, 0.0)
    off = steps.filter((pl.col("moved_ah") - pl.col("counted_ah")).abs() > allowed + resolution)
    assert bool(len(off)) == (Path(name).name in EXPLAINED), EXPLAINED.get(Path(name).name, off)


def test_a_counter_that_is_ahead_is_ahead_by_the_same_time_in_every_step(recordings: dict[str, Recording]) -> None:
    table = recordings["testers/neware/test_2.ndax"].table
    steps = by_step(table)
    assert steps is not None
    steps = steps.join(table.group_by("step_count").agg(pl.col("current_ampere").median()), on="step_count")
    ahead_s = (steps["counted_ah"].abs() - steps["moved_ah"].abs()) * 3600 / steps["current_ampere"].abs()
    assert ahead_s.is_between(0.298, 0.301).all()


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_what_is_no_recording_is_refused_for_its_true_reason(data: Path, name: str, code: str) -> None:
    if not (data / "testers" / name).exists():
        pytest.skip(f"{name} is not in the data folder")
    with pytest.raises(UnknownFormat) as refused:
        readers.read(data / "testers" / name)
    assert refused.value.code == code
    assert refused.value.params["file"] == Path(name).name


def test_a_file_that_is_not_listed_here_is_in_order_too_or_is_refused(data: Path) -> None:
    for path in sorted(p for p in (data / "testers").rglob("*") if p.is_file()):
        if f"testers/{path.parent.name}/{path.name}" in READ or f"{path.parent.name}/{path.name}" in REFUSED:
            continue
        try:
            found = readers.read_all(path)
        except ReadError as refused:
            assert path.name in refused.text()
        else:
            for recording in found:
                holds_together(recording)


def holds_together(recording: Recording) -> None:
    """What is true of every recording, a spectrum or an abuse test too."""
    table = recording.table
    assert table.height > 0
    for column in ("test_time_second", "step_count", "cycle_count"):
        if column in table.columns:
            assert (table[column].diff().drop_nulls() >= 0).all(), column
    if {"current_ampere", "step_type"} <= set(table.columns):
        assert table.filter(pl.col("step_type").is_in(DISCHARGES) & (pl.col("current_ampere") > 0)).is_empty()
        assert table.filter(pl.col("step_type").is_in(CHARGES) & (pl.col("current_ampere") < 0)).is_empty()


def test_every_note_reads_in_both_languages(recordings: dict[str, Recording]) -> None:
    for recording in recordings.values():
        for note in recording.notes:
            for lang in ("en", "ko"):
                assert note.code not in note.text(lang)
                assert "{" not in note.text(lang).replace(str(dict(note.params)), "")
