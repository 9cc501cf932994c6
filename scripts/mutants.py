"""Mutation testing of the core: for each small mistake in the code, does a test fail?

    python scripts/mutants.py                   every module, with the quick tests
    python scripts/mutants.py _contract plan    only these modules
    python scripts/mutants.py --again           what is not known to be caught, once more
    python scripts/mutants.py --slow            the same, with the tests that are not quick
    python scripts/mutants.py --report          the table and the survivors; nothing is run

The mutations are mutmut's, and some of our own. mutmut itself cannot run them: it calls every
function through one of its own, which `typed_signals._errors.warn` takes for the user's code, and
leaves out properties, decorated functions and whatever is not in a function. So each mutant is a
changed file in a copy of the tree, and pytest runs in a process forked from one that has all
libraries loaded. Which tests run a line is measured with coverage first.
"""

import argparse
import ast
import hashlib
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import _lru_cache_wrapper, cache, cached_property
from itertools import islice
from pathlib import Path

import libcst as cst
import pytest
from coverage import Coverage
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".mutants"
KEPT = WORK / "results.jsonl"
VERDICT = ("status", "seconds", "killer")
PACKAGE = "typed_signals"
NOT_THE_CORE = {"__main__.py"}
OURS = (PACKAGE, "pytest_typed_signals", "tests", "examples", "benchmarks", "typecheck")
NO_SERVERS = "not postgresql and not mariadb"
PYTEST = ["-qq", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", "--strict-markers"]
PYTEST += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
BUDGET = 6.0  # seconds: so much of a mutant's tests, the first, are the quick ones, by default
OF_A_LINE = 5  # tests, of each line of a mutant's function
MEMORY = 4 << 30


# --- mutants -------------------------------------------------------------------------------------


@dataclass
class Mutant:
    module: str
    line: int
    end: int
    change: str
    code: str
    status: str = ""
    seconds: float = 0.0
    killer: str = ""

    @cached_property
    def key(self) -> str:
        """The same, whatever is written in docstrings and comments."""
        tree = ast.parse(self.code)
        for node in ast.walk(tree):
            if isinstance(body := getattr(node, "body", None), list):
                body[:] = (each for each in body if not _is_docstring(each))
        return hashlib.sha256(f"{self.module}\0{ast.dump(tree)}".encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.module}:{self.line}  {self.change}"


def _is_docstring(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
        case _:
            return False


def strings(node: cst.SimpleString) -> Iterator[cst.BaseExpression]:
    """A word gets letters that it had not; prose goes."""
    text = node.raw_value
    if not text:
        return
    yield node.with_changes(value=node.quote + node.quote if " " in text else _marked(node))


def _marked(node: cst.SimpleString) -> str:
    return f"{node.prefix}{node.quote}XX{node.raw_value}XX{node.quote}"


def messages(node: cst.FormattedString) -> Iterator[cst.BaseExpression]:
    """Each fact, and each piece of prose, of a message goes."""
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText) and not any(map(str.isalpha, part.value)):
            continue
        yield node.with_changes(parts=[each for each in node.parts if each is not part])


def statements(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """What is done for its effect is not done."""
    effect = m.Expr(~(m.SimpleString() | m.ConcatenatedString() | m.Ellipsis()))
    if m.matches(node.body[0], effect | m.Raise() | m.Del() | m.AugAssign()):
        yield node.with_changes(body=[cst.Pass()])


def returns(node: cst.Return) -> Iterator[cst.CSTNode]:
    if node.value is not None and not m.matches(node.value, m.Name("None")):
        yield node.with_changes(value=cst.Name("None"))


def payload(node: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    """A Protocol demands less, or its payload may not grow."""
    if not m.matches(node.body, m.SimpleStatementSuite([m.Expr(m.Ellipsis())])):
        return
    given = node.params
    for each in given.kwonly_params:
        left = [other for other in given.kwonly_params if other is not each]
        star = given.star_arg if left else cst.MaybeSentinel.DEFAULT
        yield node.with_changes(params=given.with_changes(kwonly_params=left, star_arg=star))
    if given.star_kwarg is not None and given.kwonly_params:
        yield node.with_changes(params=given.with_changes(star_kwarg=None))


def conditions(node: cst.If | cst.CompIf) -> Iterator[cst.CSTNode]:
    if m.matches(node.test, TURNED):  # mutmut does these
        return
    inner = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    space = cst.SimpleWhitespace(" ")
    yield node.with_changes(
        test=cst.UnaryOperation(cst.Not(), inner),
        **({"whitespace_before_test": space} if isinstance(node, cst.If) else {}),
    )


def arguments(node: cst.Call) -> Iterator[cst.CSTNode]:
    """An argument is `None`; one that has a name is not given."""
    if m.matches(node.func, m.Name() & m.MatchIfTrue(lambda each: each.value in HARMLESS)):
        return
    for n, argument in enumerate(node.args):
        if argument.keyword is not None:
            yield node.with_changes(args=[*node.args[:n], *node.args[n + 1 :]])
        elif not argument.star and not m.matches(argument.value, NOT_AN_ARGUMENT):
            changed = argument.with_changes(value=cst.Name("None"))
            yield node.with_changes(args=[*node.args[:n], changed, *node.args[n + 1 :]])


HARMLESS = {"isinstance", "issubclass", "len", "getattr", "hasattr", "type", "any", "all", "super"}
NOT_AN_ARGUMENT = m.Name("None") | m.SimpleString() | m.FormattedString() | m.ConcatenatedString()
REPLACED = (mutators.operator_string, mutators.operator_arg_removal)

SINGLE = m.Is() | m.IsNot() | m.In() | m.NotIn() | m.Equal() | m.NotEqual()
TURNED = m.Comparison(comparisons=[m.ComparisonTarget(SINGLE)]) | m.UnaryOperation(m.Not())

OPERATORS = [
    *(each for each in mutators.mutation_operators if each[1] not in REPLACED),
    (cst.SimpleString, strings),
    (cst.Call, arguments),
    (cst.FormattedString, messages),
    (cst.SimpleStatementLine, statements),
    (cst.Return, returns),
    (cst.FunctionDef, payload),
    (cst.If, conditions),
    (cst.CompIf, conditions),
]

TYPING = {"TypeVar", "ParamSpec", "cast", "overload"}
LEFT_OUT = m.OneOf(
    m.Annotation(),
    m.Decorator(),
    m.Import(),
    m.ImportFrom(),
    m.Expr(m.SimpleString() | m.ConcatenatedString()),
    m.FunctionDef(m.Name("__repr__")),
    m.FunctionDef(decorators=[m.ZeroOrMore(), m.Decorator(m.Name("overload")), m.ZeroOrMore()]),
    m.If(test=m.Name("TYPE_CHECKING")),
    m.Assign([m.AssignTarget(m.Name("__all__") | m.Name("__slots__"))]),
    m.Assign(value=m.Call(m.Name("TypeVar") | m.Name("ParamSpec")) | m.Subscript()),
    m.Assign(value=m.BinaryOperation(operator=m.BitOr())),  # a union of types
    m.AnnAssign(annotation=m.Annotation(m.Name("TypeAlias"))),
    m.AnnAssign(annotation=m.Annotation(m.Attribute(attr=m.Name("TypeAlias")))),
)
CAST = m.Call(m.Name("cast"))


class Collector(cst.CSTVisitor):
    def __init__(self, wrapper: MetadataWrapper) -> None:
        super().__init__()
        self._positions = wrapper.resolve(PositionProvider)
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, int, int]] = []
        self._starts: list[int] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, LEFT_OUT):
            # What stands under `else` of TYPE_CHECKING is code.
            if isinstance(node, cst.If) and node.orelse:
                node.orelse.visit(self)
            return False
        where = self._positions.get(node)
        if where is None:
            return True
        if isinstance(node, cst.BaseSmallStatement | cst.SimpleStatementLine):
            self._starts.append(where.start.line)
        start = self._starts[-1] if self._starts else where.start.line
        end = where.end.line
        if isinstance(node, cst.If):
            end = self._positions[node.test].end.line
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                self.found += [(node, new, start, end) for new in operator(node)]
        if isinstance(node, cst.ClassDef):  # its bases are typing, mostly
            node.body.visit(self)
            return False
        if m.matches(node, CAST):
            node.args[1].visit(self)
            return False
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.BaseSmallStatement | cst.SimpleStatementLine) and (
            not m.matches(original_node, LEFT_OUT)
        ):
            self._starts.pop()


def mutants_of(path: str) -> list[Mutant]:
    source = (ROOT / path).read_text()
    wrapper = MetadataWrapper(cst.parse_module(source))
    module, found = wrapper.module, dict[str, Mutant]()
    header = "".join(module.code_for_node(each) for each in module.header)
    pieces = [module.code_for_node(each) for each in module.body]
    for n, statement in enumerate(module.body):
        collector = Collector(wrapper)
        statement.visit(collector)
        for old, new, line, end in collector.found:
            piece = module.code_for_node(statement.deep_replace(old, new))
            code = "".join([header, *pieces[:n], piece, *pieces[n + 1 :]])
            with suppress(SyntaxError):
                compile(code, path, "exec", dont_inherit=True)
                if code != source:
                    found[code] = Mutant(path, line, end, _change(source, code), code)
    return list(found.values())


def _change(before: str, after: str) -> str:
    """The lines that differ, as `old → new`."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return f"{' '.join(map(str.strip, old))}  →  {' '.join(map(str.strip, new))}"


# --- tests ---------------------------------------------------------------------------------------


class Chosen:
    """Lets pytest run only some tests, in their order, and says which one failed."""

    def __init__(self, tests: Iterable[str]) -> None:
        self.order = {test: number for number, test in enumerate(tests)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        order = self.order
        items[:] = sorted((i for i in items if i.nodeid in order), key=lambda i: order[i.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


class Measuring:
    """Takes the time of each test and the lines that it runs."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.durations: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
            for each in vars(sys.modules[name]).values():
                if isinstance(each, _lru_cache_wrapper):  # what it runs is to be seen in every test
                    each.cache_clear()
        self.coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        yield
        self.durations[item.nodeid] = time.perf_counter() - began
        self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def enter(tree: Path) -> None:
    """Let this process, and those that it starts, find everything in a copy of the tree."""
    os.setsid()
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    os.environ["PYTHONPATH"] = str(tree)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def fork(work: Iterable[object], log: Path) -> int:
    """Do the work in a process of its own; its number."""
    sys.stdout.flush()
    if process := os.fork():
        return process
    status = 1  # also when pytest itself breaks down
    try:
        with log.open("w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for each in work:
                status = int(each)
            sys.stdout.flush()
    finally:
        os._exit(status)


def measure(tree: Path) -> Iterator[int]:
    enter(tree)
    sys.dont_write_bytecode = False  # once, for all that follow
    coverage = Coverage(data_file=str(WORK / "coverage"), source=[str(tree / PACKAGE)])
    coverage.erase()
    measuring = Measuring(coverage)
    coverage.start()
    pytest.main([*PYTEST, "-m", NO_SERVERS, *test_files()], plugins=[measuring])
    coverage.stop()
    coverage.save()
    data = coverage.get_data()
    lines = {
        os.path.relpath(file, tree): data.contexts_by_lineno(file) for file in data.measured_files()
    }
    loaded = [n for n in sys.modules if n.partition(".")[0] not in OURS]
    measured = {"durations": measuring.durations, "lines": lines, "modules": loaded}
    (WORK / "measured.json").write_text(json.dumps(measured))
    # Measured code needs more of the stack.
    yield pytest.main([*PYTEST, "-x", *measuring.failed]) if measuring.failed else 0


def test_files() -> list[str]:
    """All but the tests of checkers and of the command line, and those that take minutes."""
    left_out = {"test_soak.py", "test_crashes.py", "test_cli.py", "test_command_line.py"}
    left_out |= {"test_example.py", "test_seen.py"}
    folders = [ROOT / "tests", ROOT / "tests/sqlalchemy", ROOT / "tests/durable"]
    paths = (path for folder in folders for path in sorted(folder.glob("test_*.py")))
    return [str(path.relative_to(ROOT)) for path in paths if path.name not in left_out]


def run(tree: Path, rounds: list[dict[str, float]], killer: Path) -> Iterator[int]:
    """Run tests, round after round, until one fails."""
    enter(tree)
    sys.dont_write_bytecode = True
    status = 0
    for tests in filter(None, rounds):
        plugin = Chosen(tests)
        files = sorted({nodeid.partition("::")[0] for nodeid in tests})
        status = pytest.main([*PYTEST, "-x", *files], plugins=[plugin])
        killer.write_text(plugin.failed)
        if status:
            break
    yield status


# --- results -------------------------------------------------------------------------------------


def keep(mutant: Mutant) -> None:
    """Add a verdict to those that are kept, so that a run that is stopped loses none."""
    line = {name: getattr(mutant, name) for name in ("key", *VERDICT)}
    with KEPT.open("a") as file:
        file.write(json.dumps(line) + "\n")


def recall(mutants: Iterable[Mutant]) -> None:
    """Give mutants the last verdict on them."""
    lines = KEPT.read_text().splitlines() if KEPT.exists() else []
    kept = {line["key"]: line for line in map(json.loads, lines)}
    for mutant in mutants:
        for name in VERDICT:
            setattr(mutant, name, kept.get(mutant.key, {}).get(name, getattr(mutant, name)))


# --- all of it -----------------------------------------------------------------------------------


class Measured:
    def __init__(self, budget: float) -> None:
        self.budget = budget
        self.kills: dict[str, Counter[str]] = defaultdict(Counter)
        read = json.loads((WORK / "measured.json").read_text())
        self.durations: dict[str, float] = read["durations"]
        self.lines: dict[str, dict[str, list[str]]] = read["lines"]
        self.modules: list[str] = read["modules"]

    def tests_of(self, mutant: Mutant) -> set[str]:
        """The tests that run the lines of a mutant; all of the module's for what is imported."""
        lines = self.lines.get(mutant.module, {})
        span = [lines[key] for n in range(mutant.line, mutant.end + 1) if (key := str(n)) in lines]
        tests = {test for each in span for test in each}
        if "" in tests:  # it runs when something is imported
            tests = {test for each in lines.values() for test in each}
        return tests - {""} or (set(self.durations) if span else set())

    def chosen(self, mutant: Mutant, *, slow: bool) -> list[dict[str, float]]:
        """The tests of a mutant, in rounds, with their times.

        The quick ones are the quickest of each line of its function, for a mistake shows in a
        branch that few tests take; then those that have caught others of its module, some of
        the files that are about it, and some of all. The slow ones are the others, the longest
        first.
        """
        tests = self._spread(mutant.module, self.tests_of(mutant))
        own = [test for test in tests if test.partition("::")[0] in self._files_of(mutant.module)]
        near = self._by_line(mutant, tests)
        first = self._some(test for test in tests if test in near)
        kills = self.kills[mutant.module]
        proven = sorted((test for test in tests if test in kills), key=lambda each: -kills[each])
        second = {**self._some(proven), **self._some(own), **self._some(tests)}
        if not slow:
            return [first, {test: time for test, time in second.items() if test not in first}]
        quick = first.keys() | second.keys()
        slow_ones = sorted(tests, key=lambda each: -self.durations[each])
        return [{test: self.durations[test] for test in slow_ones if test not in quick}]

    def _spread(self, module: str, tests: Iterable[str]) -> list[str]:
        """Tests that run other lines of a module come first; other parameters come last."""
        seen, paths = Counter[object](), self._paths(module)
        order: dict[str, tuple[int, int, float]] = {}
        for test in sorted(tests, key=lambda each: self.durations[each]):
            function, path = test.partition("[")[0], frozenset(paths[test])
            order[test] = seen[path], seen[function], self.durations[test]
            seen.update((function, path))
        return sorted(order, key=lambda each: order[each])

    @cache  # noqa: B019 - there is one of these
    def _paths(self, module: str) -> defaultdict[str, set[str]]:
        """The lines of a module that each test runs."""
        found = defaultdict[str, set[str]](set)
        for line, tests in self.lines.get(module, {}).items():
            for test in tests:
                found[test].add(line)
        return found

    def _by_line(self, mutant: Mutant, tests: Sequence[str]) -> set[str]:
        """The first few tests of each line of the function that a mutant is in."""
        found: set[str] = set()
        lines = self.lines.get(mutant.module, {})
        for number in functions_of(mutant.module).get(mutant.line, ()):
            run_it = set(lines.get(str(number), ()))
            found.update(islice((test for test in tests if test in run_it), OF_A_LINE))
        return found

    def _some(self, tests: Iterable[str]) -> dict[str, float]:
        chosen: dict[str, float] = {}
        left = self.budget
        for test in tests:
            left -= self.durations[test]
            if left < 0:
                break
            chosen[test] = self.durations[test]
        return chosen

    @cache  # noqa: B019 - there is one of these
    def _files_of(self, module: str) -> set[str]:
        """The test files that are named after a module, or import it."""
        package, _, name = module.removesuffix(".py").replace("/", ".").rpartition(".")
        package = re.escape(package)
        imports = re.compile(rf"from {package}\.{name} import|from {package} import .*\b{name}\b")
        named = f"test_{name.strip('_')}"
        return {
            file
            for file in test_files()
            if Path(file).stem.startswith(named) or imports.search((ROOT / file).read_text())
        }


@cache
def functions_of(path: str) -> dict[int, range]:
    """The lines of the innermost function that each line is in."""
    found: dict[int, range] = {}
    for node in ast.walk(ast.parse((ROOT / path).read_text())):  # the outer before the inner
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found |= dict.fromkeys(span, span)
    return found


def copies(number: int) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    trees = [WORK / f"tree-{n}" for n in range(number)]
    for tree in trees:
        shutil.rmtree(tree, ignore_errors=True)
        for name in filter(None, listed.stdout.split("\0")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return trees


def preload(modules: Iterable[str]) -> None:
    for name in modules:
        with suppress(Exception):
            importlib.import_module(name)


def kill(process: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


def test(mutants: list[Mutant], measured: Measured, trees: list[Path], slow: bool) -> None:
    """Run the tests of every mutant, one in each tree at a time."""
    free = list(trees)
    running: dict[int, tuple[Mutant, Path, float, float]] = {}
    queue = list(reversed(mutants))
    done, began = 0, time.monotonic()

    def finish(process: int, status: int, *, late: bool) -> None:
        nonlocal done
        mutant, tree, start, _ = running.pop(process)
        kill(process)  # whatever the tests have started
        shutil.copy2(ROOT / mutant.module, tree / mutant.module)
        free.append(tree)
        code = os.waitstatus_to_exitcode(status)
        mutant.status = "timeout" if late else "survived" if code == 0 else "killed"
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:
            mutant.status = "error"
        mutant.seconds = round(time.monotonic() - start, 2)
        killer = tree / ".killer"
        mutant.killer = killer.read_text() if killer.exists() else ""
        measured.kills[mutant.module].update([mutant.killer])
        keep(mutant)
        done += 1
        if done % 25 == 0 or mutant.status in ("survived", "error"):
            passed = time.monotonic() - began
            print(f"{done}/{len(mutants)} {passed:.0f}s {mutant.status}: {mutant}", flush=True)

    while queue or running:
        while queue and free:
            mutant = queue.pop()
            rounds = measured.chosen(mutant, slow=slow)
            if not any(rounds):
                mutant.status = mutant.status if slow else "no tests"
                keep(mutant)
                done += 1
                continue
            tree = free.pop()
            killer = tree / ".killer"
            killer.unlink(missing_ok=True)
            (tree / mutant.module).write_text(mutant.code)
            process = fork(run(tree, rounds, killer), tree / ".log")
            start = time.monotonic()
            limit = start + 8 + 2 * sum(sum(each.values()) for each in rounds)
            running[process] = mutant, tree, start, limit
        time.sleep(0.01)
        for process in list(running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                finish(process, status, late=False)
            elif time.monotonic() > running[process][3]:
                kill(process)
                _, status = os.waitpid(process, 0)
                finish(process, status, late=True)


def report(mutants: list[Mutant]) -> None:
    rows: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for mutant in mutants:
        for row in (mutant.module, "all"):
            rows[row][mutant.status] += 1
    print("| Module | Mutants | Killed | Timeouts | Survivors | Not run |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for row, counts in sorted(rows.items(), key=lambda each: (each[0] == "all", each[0])):
        name = row.removeprefix(f"{PACKAGE}/").removesuffix(".py")
        figures = [sum(counts.values()), counts["killed"], counts["timeout"], counts["survived"]]
        print(f"| `{name}` | {' | '.join(map(str, [*figures, counts['no tests']]))} |")
    total = rows["all"]
    caught = total["killed"] + total["timeout"]
    print(f"score: {100 * caught / (caught + total['survived'] or 1):.1f} %")
    for status in ("error", "survived", "no tests"):
        for mutant in mutants:
            if mutant.status == status:
                print(f"{status}  {mutant}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", help="module names, such as `_contract`; all if none")
    parser.add_argument("--jobs", type=int, default=2, help="how many mutants at once")
    parser.add_argument("--again", action="store_true", help="only what survived last time")
    parser.add_argument("--slow", action="store_true", help="the same, with the other tests")
    parser.add_argument("--report", action="store_true", help="what was found last time")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds of quick tests")
    parser.add_argument("--list", action="store_true", help="only count the mutants")
    options = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    paths = [
        str(path.relative_to(ROOT))
        for folder in (ROOT / PACKAGE, ROOT / PACKAGE / "_dispatch")
        for path in sorted(folder.glob("*.py"))
        if path.name not in NOT_THE_CORE and (path.stem in options.modules or not options.modules)
    ]
    every = [mutant for path in paths for mutant in mutants_of(path)]
    recall(every)
    if options.list:
        counts: dict[str, int] = defaultdict(int)
        for mutant in every:
            counts[mutant.module] += 1
        print(*counts.items(), len(every), sep="\n")
        return
    if not options.report:
        trees = copies(options.jobs)
        log = WORK / "measure.log"
        process = fork(measure(trees[0]), log)
        _, status = os.waitpid(process, 0)
        if status:
            raise SystemExit(f"the tests fail without any mutant: {log}\n{log.read_text()[-3000:]}")
        for tree in trees[1:]:
            for cache in trees[0].rglob("__pycache__"):
                shutil.copytree(cache, tree / cache.relative_to(trees[0]), dirs_exist_ok=True)
        measured = Measured(options.budget)
        preload(measured.modules)
        chosen = [
            mutant
            for mutant in every
            if mutant.status not in ("killed", "timeout") or not (options.again or options.slow)
        ]
        for mutant in every:
            measured.kills[mutant.module].update([mutant.killer])
        test(chosen, measured, trees, slow=options.slow)
    report(every)


if __name__ == "__main__":
    main()
