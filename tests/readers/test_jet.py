"""Jet databases of both versions, written byte by byte from the published layout; and real ones with their own counts."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from cellwright.core.errors import DamagedFile
from cellwright.readers import jet
from tests.readers.jet_file import BOOLEAN, BYTE, DOUBLE, INT, LONG, MEMO, MOMENT, MONEY, SINGLE, TEXT, Table, Writer, database

VERSIONS = pytest.mark.parametrize("jet4", [True, False], ids=["jet 4", "jet 3"])
NUMBERS = Table("Numbers", [("n", LONG), ("half", DOUBLE)], [(n, n / 2) for n in range(10)])


def content(tables: list[Table], *, jet4: bool = True, extra: tuple[bytes, ...] = ()) -> jet.Content:
    return jet.open_database(database(tables, jet4=jet4, extra=extra), "a.mdb").read(tables[0].name)


@VERSIONS
def test_the_users_tables_are_listed_in_the_systems_order_without_the_systems_own(jet4: bool):
    base = jet.open_database(database([NUMBERS, Table("Empty", [("a", INT)], [])], jet4=jet4), "a.mdb")
    assert base.tables == ("Numbers", "Empty")
    assert (base.count("Numbers"), base.count("Empty"), base.count("Other")) == (10, 0, 0)


@VERSIONS
def test_every_kind_of_column_reads_as_it_was_written_and_nulls_are_null(jet4: bool):
    columns = {
        "whole": (LONG, -7, pl.Int32),
        "yes": (BOOLEAN, True, pl.Boolean),
        "byte": (BYTE, 200, pl.UInt8),
        "short": (INT, -5, pl.Int16),
        "single": (SINGLE, 1.5, pl.Float32),
        "double": (DOUBLE, 2.25, pl.Float64),
        "text": (TEXT, "3.6 V", pl.String),
        "memo": (MEMO, "x" * 300, pl.String),
    }
    values = [value for _, value, _ in columns.values()]
    table = Table("T", [(name, kind) for name, (kind, _, _) in columns.items()], [values, [None] * len(columns)])
    frame = content([table], jet4=jet4).frame
    assert dict(frame.schema) == {name: dtype for name, (_, _, dtype) in columns.items()}
    # A boolean has only its bit in the null mask, so it cannot be null.
    assert frame.rows() == [tuple(values), tuple(False if name == "yes" else None for name in columns)]


@VERSIONS
def test_currency_has_four_decimals_and_moments_are_days_since_1899(jet4: bool):
    table = Table("T", [("paid", MONEY), ("when", MOMENT)], [(12345, 36526.5)])
    # 1 January 2000 is day 36526 from 30 December 1899.
    assert content([table], jet4=jet4).frame.rows() == [(1.2345, datetime(2000, 1, 1, 12))]


@VERSIONS
def test_rows_over_several_pages_are_read_in_order(jet4: bool):
    rows = [(n, n / 8) for n in range(200)]
    found = content([Table("T", [("n", LONG), ("v", DOUBLE)], rows, rows_a_page=37)], jet4=jet4)
    assert (found.frame.rows(), found.declared, found.broken) == (rows, 200, 0)


@VERSIONS
def test_deleted_rows_are_gone_and_rows_that_were_moved_are_found_in_their_place(jet4: bool):
    table = Table("T", NUMBERS.columns, NUMBERS.rows, deleted=(3,), moved=(5, 6), rows_a_page=4)
    found = content([table], jet4=jet4)
    assert found.frame["n"].to_list() == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert found.frame["half"].to_list() == [0, 0.5, 1, 2, 2.5, 3, 3.5, 4, 4.5]
    assert (found.declared, found.broken) == (9, 0)


@VERSIONS
def test_rows_that_were_written_before_a_column_was_added_have_null_in_it(jet4: bool):
    wide = Table("T", [("n", LONG), ("later", DOUBLE)], [(1,), (2,)])
    assert content([wide], jet4=jet4).frame.rows() == [(1, None), (2, None)]


def test_rows_of_jet_3_longer_than_256_bytes_need_its_table_of_jumps():
    columns = [("n", LONG), ("a", TEXT), ("b", TEXT), ("c", TEXT), ("d", TEXT)]
    rows = [(n, "a" * 200, "b" * 150, "c" * (100 + n), "end") for n in range(3)]
    assert content([Table("T", columns, rows)], jet4=False).frame.rows() == rows


def test_compressed_text_has_a_byte_a_character_and_switches_at_zero_bytes():
    texts = [b"\xff\xfe" + b"Zelle \xb5", b"\xff\xfe" + b"C\0" + "전지".encode("utf-16-le") + b"\0" + b"7"]
    table = Table("T", [("name", TEXT)], [(text,) for text in texts])
    assert content([table]).frame["name"].to_list() == ["Zelle µ", "C전지7"]


@VERSIONS
def test_long_values_on_pages_of_their_own_are_fetched_whole(jet4: bool):
    writer = Writer(jet4)
    alone, first, second = (writer.text(text) for text in ("alone", "in two ", "pieces"))
    # Page 3 holds the value that stands alone and the chain's last piece, page 4 the chain's first, which points to page 3, row 1.
    extra = (
        writer.data_page(b"LVAL", [alone, b"\0\0\0\0" + second]),
        writer.data_page(b"LVAL", [(3 << 8 | 1).to_bytes(4, "little") + first]),
    )
    heads = [
        (len(alone) | 0x40000000).to_bytes(4, "little") + (3 << 8).to_bytes(4, "little") + b"\0" * 4,
        len(first + second).to_bytes(4, "little") + (4 << 8).to_bytes(4, "little") + b"\0" * 4,
    ]
    table = Table("T", [("text", MEMO)], [(head,) for head in heads])
    assert content([table], jet4=jet4, extra=extra).frame["text"].to_list() == ["alone", "in two pieces"]


def test_a_chain_of_long_values_that_bites_its_tail_ends_at_the_stated_length():
    writer = Writer()
    turning = writer.data_page(b"LVAL", [(3 << 8).to_bytes(4, "little") + writer.text("ab")])
    head = (8).to_bytes(4, "little") + (3 << 8).to_bytes(4, "little") + b"\0" * 4
    assert content([Table("T", [("text", MEMO)], [(head,)])], extra=(turning,)).frame["text"].to_list() == ["abab"]


def test_a_long_value_longer_than_the_file_is_damage():
    head = (0x3FFFFFFF).to_bytes(4, "little") + (3 << 8).to_bytes(4, "little") + b"\0" * 4
    with pytest.raises(DamagedFile, match="longer than the file"):
        content([Table("T", [("text", MEMO)], [(head,)])])


def test_a_row_that_contradicts_itself_is_left_out_and_counted():
    whole = bytearray(database([NUMBERS]))
    # The last page holds the rows, the first of them at its end: two bytes of column count, 4 + 8 of values, one of null mask.
    whole[-15:-13] = b"\xff\x00"
    found = jet.open_database(bytes(whole), "a.mdb").read("Numbers")
    assert (found.frame.height, found.broken, found.declared) == (9, 1, 10)


def test_a_table_that_is_not_there_and_a_page_that_is_none_are_damage():
    whole = database([NUMBERS])
    with pytest.raises(DamagedFile, match="no table Other"):
        jet.open_database(whole, "a.mdb").read("Other")
    with pytest.raises(DamagedFile, match="page 2"):
        _ = jet.open_database(whole[: 2 * 4096], "a.mdb").tables


def test_a_definition_that_goes_round_in_a_circle_is_damage():
    whole = bytearray(database([NUMBERS]))
    whole[3 * 4096 + 4 : 3 * 4096 + 8] = (3).to_bytes(4, "little")
    with pytest.raises(DamagedFile, match="never ends"):
        jet.open_database(bytes(whole), "a.mdb").read("Numbers")


@pytest.mark.parametrize("name", ["arbin_example.res", "aux_multi_x.res", "20160805_test001_45_cc_01.res", "20210210_FC_01_cc_01.res"])
def test_every_table_of_a_real_database_has_the_rows_that_it_counts(data: Path, name: str):
    path = data / "testers" / "arbin" / name
    if not path.exists():
        pytest.skip(f"{name} is not in the data folder")
    base = jet.open_database(path.read_bytes(), name)
    assert len(base.tables) >= 12
    for table in base.tables:
        found = base.read(table)
        assert (found.frame.height, found.broken, found.unreadable) == (found.declared, 0, {}), table
