"""What the command line prints, it prints whatever a message speaks of."""

import pytest

from cellwright.cli.console import complain, say
from cellwright.core import resources


@pytest.mark.parametrize("name", ["said", "what", "code", "params"])
def test_a_message_may_speak_of_anything(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("CELLWRIGHT_LANG", "en")
    say("health.not_measured", **{name: "x", "quantity": "y"})
    complain("health.not_measured", **{name: "x", "quantity": "y"})
    said = resources.messages()["health.not_measured"]["en"].format(quantity="y")
    assert capsys.readouterr().err.splitlines() == [said, f"cellwright: {said}"]
