"""Every type checker says of `typecheck/cases` what the markers there say, and the page says so."""

import pytest

from tests.static.one_by_one import one_by_one
from typecheck import checkers, markers, table, verdicts

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("typecheck")]


def is_set_up(lane):
    return checkers.python_of(lane).exists()


@pytest.fixture(scope="module")
def results():
    runs = [(checker, lane) for checker, lane in verdicts.RUNS if is_set_up(lane)]
    return {(each.checker, each.lane): each for each in verdicts.verdicts(runs)}


needs_all_lanes = pytest.mark.skipif(
    not all(map(is_set_up, markers.LANES)), reason="not all lanes are set up; `make setup` does it"
)


@pytest.mark.parametrize(("checker", "lane"), verdicts.RUNS)
def test_a_checker_flags_what_is_marked_and_nothing_else(results, checker, lane):
    if not is_set_up(lane):
        pytest.skip(f"this lane is not set up; `make {lane}` does it")
    assert list(results[checker, lane].surprises()) == []


def test_the_plugin_catches_everything_and_nothing_that_is_right(results):
    for lane in filter(is_set_up, markers.LANES):
        plugin = results["plugin", lane]
        assert [str(each) for each in plugin.missed if not each.right] == []
        assert plugin.false_alarms == 0


@needs_all_lanes
def test_whatever_a_checker_misses_or_makes_up_is_explained(results):
    needed = {
        (expected.mistake, checker)
        for (checker, _), result in results.items()
        for expected in [
            *(each for each in result.missed if not each.right),
            *(each for each, _ in result.caught if each.right),
        ]
    }
    explained = {(limit.mistake, each) for limit in table.limits() for each in limit.checkers}
    assert needed == explained


@needs_all_lanes
def test_the_page_has_the_tables_of_this_run(results):
    written = table.page_with(table.tables([*results.values()]))
    assert table.PAGE.read_text() == written, "run `python -m typecheck.run --write`"


@pytest.mark.parametrize("order", ["forwards", "backwards"])
@pytest.mark.parametrize("checker", markers.CHECKERS)
def test_no_verdict_depends_on_another_statement(checker, order, tmp_path, monkeypatch):
    sources = [each for path in markers.cases("current") for each in one_by_one(path)]
    assert len(sources) > 200
    folder = tmp_path / "cases" / "any"
    folder.mkdir(parents=True)
    # One process for all, else it would take an hour. A checker may remember what it found in
    # another file; if that matters, one of the two orders shows it.
    for number, source in enumerate(sources if order == "forwards" else reversed(sources)):
        # The last line keeps mypy from answering out of its cache, with the paths of another run.
        (folder / f"alone_{number:03}.py").write_text(f"{source}# {tmp_path}\n")
    (tmp_path / "shop").symlink_to(markers.HERE / "shop")
    for module in (markers, checkers):
        monkeypatch.setattr(module, "HERE", tmp_path)
    [result] = verdicts.verdicts([(checker, "current")])
    assert list(result.surprises()) == []


@pytest.mark.parametrize("checker", ["pyrefly", "ty"])
def test_the_runner_notices_what_a_marker_does_not_say(checker, tmp_path, monkeypatch):
    case = tmp_path / "cases" / "any" / "case.py"
    case.parent.mkdir(parents=True)
    case.write_text(
        "int(3)  # E[not-wrong] all\n"
        "int(object())  # E[somebody-else] mypy\n"
        "int([])\n"
        "int(object())  # E[rightly-marked] all\n"
    )
    (tmp_path / "shop").symlink_to(markers.HERE / "shop")
    for module in (markers, checkers):
        monkeypatch.setattr(module, "HERE", tmp_path)
    [result] = verdicts.verdicts([(checker, "current")])
    reported = "\n".join(result.surprises())
    assert f"{checker} does not flag cases/any/case.py:1 [not-wrong]" in reported
    assert f"{checker} flags cases/any/case.py:2 [somebody-else], its marker says" in reported
    assert f"{checker} flags a line that is right\n    cases/any/case.py:3" in reported
    assert "rightly-marked" not in reported


def test_a_marker_that_cannot_be_read_is_an_error(tmp_path):
    case = tmp_path / "case.py"
    case.write_text("x = 1  # E[no-one]\n")
    with pytest.raises(ValueError, match="cannot read the marker"):
        markers.expectations(case)
    case = tmp_path / "other.py"
    case.write_text("x = 1  # E[mistake] pylint\n")
    with pytest.raises(ValueError, match="no such checker: pylint"):
        markers.expectations(case)
