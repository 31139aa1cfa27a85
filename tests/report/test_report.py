import json
import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from cellwright.core.assessment import Assessment, Assessments, Failure, Finding
from cellwright.core.messages import LANGUAGES, message
from cellwright.core.quantity import absent, from_components
from cellwright.core.tester import Range
from cellwright.plot import Curve
from cellwright.report import write
from cellwright.report.calibration import instruments
from cellwright.report.resistances import tables
from cellwright.report.words import Words
from tests.report import batteries as made
from tests.report.reading import Reading

ORDER = ["identity", "decision", "safety", "results", "limits", "deviations", "validity"]
CODE = re.compile(r"\b(?:core|readers|measure|health|safety|grading|plot|report|assess)\.[a-z_]+")
RESOURCE = re.compile(r"https?:|//|@import|url\(")


def read(assessments: Assessments, out: Path, lang: str = "en", curves: dict[str, tuple[Curve, ...]] | None = None) -> Reading:
    return Reading(write(assessments, curves or {}, out, lang).read_text("utf-8"))


def of(assessment: Assessment, out: Path, lang: str = "en") -> str:
    return read(made.several(assessment), out, lang).text


def test_the_first_page_is_in_the_order_a_reader_is_promised(tmp_path: Path):
    page = read(made.truckload(), tmp_path)
    assert page.attributes("data-part") == ORDER * 6


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_is_translated(lang: str, tmp_path: Path):
    page = read(made.truckload(), tmp_path, lang, {"515091902419": (made.made_curve(),)})
    spoken = " ".join([page.text, *page.attributes("aria-label"), *page.attributes("title")])
    assert CODE.findall(spoken) == []
    assert "{" not in spoken
    assert ("lang", lang) in [item for tag, given in page.elements if tag == "html" for item in given.items()]


def test_the_korean_report_is_korean_where_the_english_one_is_english(tmp_path: Path):
    english, korean = of(made.repurposed(), tmp_path / "en"), of(made.repurposed(), tmp_path / "ko", "ko")
    assert "DC resistance" in english
    assert "직류 저항" in korean
    assert not re.search("[가-힣]", english.replace("재사용", "").replace("재제조", ""))


def test_nothing_is_fetched(tmp_path: Path):
    page = read(made.truckload(), tmp_path, curves={"515091902419": (made.made_curve(),)})
    fetched = [v for name in ("src", "href", "xlink:href", "srcset", "poster", "data", "action") for v in page.attributes(name)]
    assert not [v for v in fetched if not v.startswith(("#", "data:,"))]
    assert not RESOURCE.search(" ".join(page.styles))
    policy = next(given["content"] for _, given in page.elements if given.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_plotly_stands_in_the_file_once(tmp_path: Path):
    page = read(made.truckload(), tmp_path, curves={"515091902419": (made.made_curve(),)})
    assert sum("plotly.js v" in text for _, text in page.scripts) == 1


def test_what_users_write_is_text_and_never_markup(tmp_path: Path):
    nasty = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\\a }body{display:none}"
    hurt = made.repurposed(nasty)
    hurt = replace(hurt, battery=replace(hurt.battery, chemistry=nasty, parent=nasty), sources=(replace(hurt.sources[0], file=nasty),))
    curve = replace(made.made_curve(), file=nasty)
    failed = (Failure(nasty, "assess.cannot_open", {"path": nasty, "detail": nasty}),)
    page = read(made.several(hurt, made.straddling(), made.recycled(), failed=failed), tmp_path, curves={nasty: (curve,)})
    assert "img" not in [tag for tag, _ in page.elements]
    assert not [given for _, given in page.elements if any(name.startswith("on") for name in given)]
    assert not [text for _, text in page.scripts if text.startswith("alert")]
    assert page.text.count("<img src=x onerror=alert(2)>") >= 4
    assert "body{display:none}" not in "".join(page.styles).replace(" ", "")
    ranking = page.json("cover-figure-1")
    assert "<script>" not in json.dumps(ranking)  # Plotly reads HTML in texts
    assert "&lt;script&gt;" in json.dumps(ranking)


def test_the_next_action_stands_before_everything_else(tmp_path: Path):
    text = of(made.straddling(), tmp_path)
    assert text.index("repeat the reference discharge") < text.index("Identity and condition on receipt")


def test_a_battery_on_hold_is_set_aside_first(tmp_path: Path):
    text = of(made.held_back(), tmp_path)
    assert text.index("Set the battery aside") < text.index("settle the finding in the check of voltage sag at rest")


def test_values_stand_with_uncertainty_coverage_factor_and_guaranteed_bound(tmp_path: Path):
    """20.62 Ah with u = 0.0412 Ah: U = 0.082 Ah; 20.62 - 0.0823 = 20.5377."""
    text = of(made.repurposed(), tmp_path).replace("\u00a0", " ")
    assert re.search(r"Capacity 20\.620 ± 0\.082 Ah k = 2 ≥ 20\.53\d Ah 1C, 25\.4 °C, 2\.7–4\.2 V", text)
    assert "share of the rated 25 Ah (1C, 25 °C, 2.7–4.2 V)" in text
    assert "discharge, 1C, 25.3 °C, SOC 50 % (of the measured capacity), 5.01 s after the edge (nominal 5 s)" in text


def test_a_null_quantity_shows_its_reason(tmp_path: Path):
    text = of(made.unmeasured(), tmp_path)
    assert "no rated value to compare with; fill in rated_capacity_ah" in text
    assert "DC resistance not measured" in text


def test_a_pass_is_worded_with_care_and_marked_where_its_limits_are_assumed(tmp_path: Path):
    text = of(made.repurposed(), tmp_path)
    assert "no finding in the checks performed" in text
    assert "Some of the limits behind this are assumed" in text
    assert "The decision rests on limits that no source sets" in text
    assert "Advisory, not the statutory grade" in text
    assert not re.search(r"\bsafe\b", text)


def test_checks_not_performed_are_named_with_their_reason(tmp_path: Path):
    text = of(made.straddling(), tmp_path)
    assert "Checks not performed (4)" in text
    assert "voltage sag at rest no rest was long enough" in text


def test_the_decision_names_its_rule_file_and_date(tmp_path: Path):
    assert "Decided by routing-default (2026-11-22)" in of(made.repurposed(), tmp_path)


def test_deviations_beyond_the_first_page_stand_with_the_evidence(tmp_path: Path):
    text = of(made.held_back(), tmp_path)
    assert "and 4 more, listed with the evidence" in text
    assert "All deviations" in text


def test_recordings_that_were_not_held_against_a_procedure_are_said_to_be_so(tmp_path: Path):
    assert "The recordings were not held against a procedure." in of(replace(made.repurposed(), procedure=None), tmp_path)
    assert "No deviation from the procedure was found." in of(made.repurposed(), tmp_path / "b")


def test_an_auditor_finds_digests_calibrations_and_method_versions(tmp_path: Path):
    text = of(made.repurposed(), tmp_path)
    assert made.SHA in text
    assert "KOLAS KC08-2291, 2022-03-01, until 2022-09-01 expired when tested" in text  # tested on 2023-02-14
    assert text.count("expired when tested") == 1
    assert "voltage step over current step 2 Barai et al." in text
    assert "default tester" in of(made.straddling(), tmp_path / "b")


def test_a_range_is_never_missing_where_only_the_other_quantity_has_several(tmp_path: Path):
    """The inputs name the 5 V range in any place of the stem, and of the one current range say nothing."""
    ranges = (Range(5, 0.0002, 0.001, 0.0001), Range(60, 0.0002, 0.01, 0.001))
    tester = replace(made.CALIBRATED, voltage=ranges)
    for stem in ("Nebula/NEM350/5V", "Nebula/5V/channel 3"):
        measured = from_components("maximum_voltage", 4.2, "V", {f"{stem}:voltage:gain": 0.001, "Nebula/NEM350:current:gain": 0.001})
        used = instruments(replace(made.repurposed(), tester=tester, quantities={"maximum_voltage": (measured,)}), made.DAY)
        assert [(i.quantity, i.range.maximum) for i in used] == [("voltage", 5), ("current", 100), ("temperature", 80)]
    of_cells = from_components("cell_voltage_spread", 0.1, "V", {"Nebula/60V:voltage:gain": 0.001, "3fa2:7:cell 5:voltage": 0.001})
    cells = instruments(replace(made.repurposed(), tester=tester, quantities={"cell_voltage_spread": (of_cells,)}), made.DAY)
    assert [i.range.maximum for i in cells if i.quantity == "voltage"] == [5, 60]  # a module by one, its cells by the other
    used = instruments(replace(made.repurposed(), tester=tester, quantities={}), made.DAY)
    assert [(i.quantity, i.range.maximum) for i in used] == [("voltage", 5), ("voltage", 60), ("current", 100), ("temperature", 80)]


def test_calibrations_that_lapsed_or_are_missing_stand_on_the_first_page_and_are_counted(tmp_path: Path):
    """Tested on 2023-02-14: the current's expired before, the voltage's between test and report, the temperature has none."""
    page = read(made.several(made.repurposed(), made.straddling()), tmp_path)
    first = page.text[page.text.index("Deviations from procedure and calibration") : page.text.index("Validity")].replace("\u00a0", " ")
    assert "The calibration of current ≤ 100 A (KOLAS KC08-2291) had expired on 2022-09-01, before the test of 2023-02-14" in first
    assert "The calibration of voltage ≤ 5 V (KOLAS KC08-2291) was valid at the test of 2023-02-14 and expired on 2023-03-01" in first
    assert "No calibration is stated for these ranges of the tester: temperature ≤ 80 °C" in first
    assert re.search(r"20\.620 ± 0\.082 Ah 3 Route to repurposing\.", page.text.replace("\u00a0", " "))


def test_a_calibration_that_lapsed_before_the_report_is_said_where_no_file_dates_the_test(tmp_path: Path):
    undated = replace(made.repurposed(), sources=(replace(made.SOURCE, start=None),))
    assert "before this report; the files state no date of the test" in of(undated, tmp_path)


def test_a_default_tester_and_what_the_uncertainty_leaves_out_are_said_on_the_first_page(tmp_path: Path):
    text = of(made.straddling(), tmp_path)
    first = text[: text.index("Files")]
    assert "Uncertainty from default instrument limits" in first
    assert "No calibration is stated" not in first
    assert "the allowed tolerance of temperature and rate is not in them" in first


def test_both_temperatures_of_a_discharge_are_labelled(tmp_path: Path):
    capacity = made.capacity(20.62, temperature_celsius=27.299, start_temperature_celsius=24.9)
    measured = replace(made.repurposed(), quantities={"capacity": (capacity,)})
    assert "started at 24.9 °C, mean 27.3 °C" in of(measured, tmp_path).replace("\u00a0", " ")


def test_a_finding_names_the_step_it_was_seen_in_in_the_units_of_the_trade(tmp_path: Path):
    """0.063324 V/h is 63.3 mV/h; 2.7783 mΩ is 3.2 times 0.87355 mΩ."""
    base = made.held_back()
    high = from_components(
        "maximum_voltage", 4.3341, "V", {"t:voltage:gain": 0.003}, conditions={"step_count": 2144, "current_ampere": 24.98}
    )
    high = replace(high, evidence=made.rows(7, 8))
    seen = {"value": 4.3341, "unit": "V", "uncertainty": 0.0061, "limit": 4.2, "check": "safety.check.maximum_voltage"}
    sag = {"value": 0.063324, "unit": "V/h", "uncertainty": 0.00016, "limit": 0.05}
    beside = {"value": 0.0027783, "typical": 0.00087355, "siblings": 9, "time": 0.1, "soc": 49.38}
    given = (
        ("safety.finding.maximum_voltage", seen),
        ("safety.finding.rest_sag", sag),
        ("safety.finding.dc_resistance", beside),
        ("safety.finding.implausible_reading", seen),
        ("safety.finding.never_heard_of", {"value": 3, "unit": "V"}),
    )
    found = tuple(Finding(code, params, base.battery.id, "hold", 0.99, made.rows(7, 8)) for code, params in given)
    text = of(replace(base, findings=found, quantities={**base.quantities, "maximum_voltage": (high,)}), tmp_path).replace("\u00a0", " ")
    assert "voltage reached 4.3341 V (U = 0.0061 V), above 4.2 V (step 2144, charge at 25 A)" in text
    assert "by 63.3 mV/h (U = 0.16 mV/h), more than 50 mV/h" in text
    assert "is 2.78 mΩ, 3.2 times the median of comparable siblings (0.874 mΩ; siblings: 9)" in text
    assert "a lone reading of 4.3341 V in the check of maximum voltage" in text
    assert "never heard of: 3 V" in text


def test_the_jurisdictions_term_does_not_repeat_the_outcome(tmp_path: Path):
    assert "재활용 재활용" not in of(made.recycled(), tmp_path, "ko").replace("\u00a0", " ")
    assert "Decision recycle 재활용" in of(made.recycled(), tmp_path / "en")


def test_a_column_that_was_not_recorded_is_called_what_it_is(tmp_path: Path):
    reason = message("measure.not_recorded", columns=["surface_temperature_celsius"])
    measured = replace(made.repurposed(), quantities={"maximum_temperature": (absent("maximum_temperature", "degC", reason),)})
    assert "not recorded: the battery's temperature" in of(measured, tmp_path)


def test_the_uncertainty_budget_adds_up(tmp_path: Path):
    """0.9² and 0.43² of the total are 81 % and 18 %, as made."""
    text = of(made.repurposed(), tmp_path).replace("\u00a0", " ")
    assert re.search(r"Current gain 0\.037\d Ah 8[01] %", text)
    assert re.search(r"Current offset 0\.017\d Ah 1[89] %", text)


def test_every_resistance_is_in_the_table(tmp_path: Path):
    page = read(made.several(made.repurposed()), tmp_path)
    assert "All DC resistances (60)" in page.text
    assert page.text.count("1.840 ± 0.041") >= 1
    assert [tag for tag, _ in page.elements].count("details") >= 1


def test_resistances_at_seldom_times_stand_in_a_table_behind_the_others():
    """Sixty at each of 0.1, 1 and 5 s, one of an interrupted pulse at 0.14 s: fewer than a twentieth of sixty."""
    usual = made.resistances(rates=(0.5, 1.0, 2.0))
    odd = replace(usual[0], conditions={**usual[0].conditions, "nominal_time_s": 0.14})
    found = tables((*usual, odd), Words("en"))
    assert found.count == 181
    assert [t.replace("\u00a0", " ") for table in found.tables for t in table.times] == ["100 ms", "1 s", "5 s", "140 ms"]
    assert len(found.tables[0].lines) == 2 * 3 * 10  # directions, rates, states of charge
    assert sum(len(cell) for table in found.tables for line in table.lines for cell in line.cells) == 181


def test_inks_have_the_contrast_that_small_text_needs():
    """WCAG 2.2, 1.4.3: 4.5:1, in light and in dark."""
    sheet = resources.files("cellwright.report").joinpath("templates/report.css").read_text("utf-8")
    for block in re.findall(r":root \{(.*?)\n *\}", sheet, re.S)[:2]:
        ink = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        pairs = [(text, "paper") for text in ("ink", "soft", "faint", "link", "good", "info", "warn", "bad", "mute")]
        pairs += [(tone, f"{tone}-wash") for tone in ("good", "info", "warn", "bad", "mute")] + [("ink", "warn-wash"), ("soft", "desk")]
        for text, ground in pairs:
            assert contrast(ink[text], ink[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_cover_counts_and_leads_to_each_battery_and_names_failed_files(tmp_path: Path):
    page = read(made.truckload(), tmp_path)
    assert "Batteries assessed: 6" in page.text
    assert "Files that gave nothing (1)" in page.text
    assert "Permission denied" in page.text
    anchors = {given.get("id") for tag, given in page.elements if tag == "article"}
    assert {f"#{a}" for a in anchors} <= set(page.attributes("href"))
    assert page.json("links") == [f"#battery-{n}" for n in range(1, 7)]


def test_a_single_battery_needs_no_cover_unless_a_file_failed(tmp_path: Path):
    assert "cover" not in read(made.several(made.repurposed()), tmp_path).attributes("id")
    failed = (Failure("x", "assess.cannot_open", {"path": "x", "detail": "y"}),)
    assert "cover" in read(made.several(made.repurposed(), failed=failed), tmp_path).attributes("id")


def test_a_run_in_which_every_file_failed_still_says_so(tmp_path: Path):
    failed = (Failure("x.ndax", "assess.cannot_open", {"path": "x.ndax", "detail": "y"}),)
    text = read(made.several(failed=failed), tmp_path).text
    assert "Batteries assessed: 0" in text
    assert "x.ndax cannot be opened" in text


def test_curves_keep_one_time_axis_and_shade_what_the_capacity_stands_on(tmp_path: Path):
    page = read(made.several(made.repurposed()), tmp_path, curves={"515091902419": (made.made_curve(),)})
    figure = page.json("battery-1-figure-1")
    assert [type(t["x"]) for t in figure["data"]] == [list, int, int]
    assert len(figure["layout"]["shapes"]) == 1
    assert "36,000 samples, 1,000 drawn" in page.text


def test_print_numbers_its_pages_and_names_the_battery_on_each(tmp_path: Path):
    style = "".join(read(made.several(made.repurposed("cell 7")), tmp_path).styles)
    assert 'counter(page) " / " counter(pages)' in style
    assert '@page battery-1 { @top-right { content: "cell\\20 7"; } }' in style


def test_two_hundred_batteries_with_a_thousand_points_a_curve_fit_in_one_file(tmp_path: Path):
    path = write(*many(200), tmp_path)
    assert path.stat().st_size < 30_000_000
    assert not (tmp_path / "report").exists()


def test_above_two_hundred_each_battery_has_a_page_beside_a_summary(tmp_path: Path):
    assessments, curves = many(201)
    page = Reading(write(assessments, curves, tmp_path).read_text("utf-8"))
    pages = sorted(p.name for p in (tmp_path / "report").glob("*.html"))
    assert len(pages) == 201
    assert page.json("links") == [f"report/{name}" for name in pages]
    assert [given.get("src") for tag, given in page.elements if tag == "script" and "src" in given] == ["report/plotly.min.js"]
    own = Reading((tmp_path / "report" / pages[0]).read_text("utf-8"))
    assert own.attributes("data-part") == ORDER
    assert "plotly.min.js" in own.attributes("src")
    assert "../report.html" in own.attributes("href")


def test_a_report_that_would_grow_beyond_the_limit_is_divided_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cellwright.report.writing.BYTES_IN_ONE_FILE", 5_000_000)
    write(*many(12), tmp_path)
    assert len(list((tmp_path / "report").glob("*.html"))) == 12


def test_nothing_half_written_is_left(tmp_path: Path):
    write(made.truckload(), {}, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_batteries_are_asked_for_once(tmp_path: Path):
    class Counted(tuple):
        asked = 0

        def __iter__(self):
            for item in super().__iter__():
                Counted.asked += 1
                yield item

    assessments = made.truckload()
    object.__setattr__(assessments, "assessments", Counted(assessments.assessments))
    write(assessments, {}, tmp_path)
    assert Counted.asked == 6


def many(count: int) -> tuple[Assessments, dict[str, tuple[Curve, ...]]]:
    base = made.repurposed()
    batteries = [replace(base, battery=replace(base.battery, id=f"cell-{n:04d}")) for n in range(count)]
    return made.several(*batteries), {a.battery.id: (made.made_curve(),) for a in batteries}
