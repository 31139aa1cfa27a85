"""What tells Arbin's database from other files; kept apart from reading one, which takes libraries that a text does not."""

from cellwright.readers.opening import RawFile

JET = b"\x00\x01\x00\x00Standard Jet DB\x00"
RECORDS = "Channel_Normal_Table"


def is_database(file: RawFile) -> bool:
    """Tell a Jet database that names Arbin's table of records."""
    return file.data.startswith(JET) and any(file.data.find(RECORDS.encode(form)) >= 0 for form in ("latin-1", "utf-16-le"))
