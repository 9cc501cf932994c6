"""The mypy plugin beside that of pydantic, in either order, and without it."""

import pytest

from tests.static.mypy_program import Mypy
from tests.static.plugin_cases import ORMAR

pytestmark = pytest.mark.slow

OURS, PYDANTICS = "typed_signals.mypy", "pydantic.mypy"
BOTH = [f"{PYDANTICS}, {OURS}", f"{OURS}, {PYDANTICS}"]

BESIDE = """
from pydantic import BaseModel
from typed_signals.ormar import ModelSignals, install

class Order(BaseModel):
    amount = 1
class Old(ormar.Model):
    class Meta:
        tablename = "old"
class AlbumSignals(ModelSignals[Album]): ...
install(Album, signals=AlbumSignals)

reveal_type(Old.Meta.signals)
reveal_type(Album.ormar_config.signals)
@Old.Meta.signals.pre_save.connect
async def save(sender: type[Old], instnace: Old, **kwargs: object) -> None: ...
"""
# With pydantic's plugin the two constructors have nothing in common, and mypy's type of a list of
# both is `list[_ModelType]`, that of their metaclass.
SEVERAL = """
class Cover(ormar.Model):
    ormar_config = base.copy(tablename="covers")
    id: int = ormar.Integer(primary_key=True)
    title: str = ormar.String(max_length=10)
    album: Album = ormar.ForeignKey(Album)

both = [Album, Cover]

@pre_save([Album, Cover])
@pre_save({Album, Cover})
@pre_save((Album, Cover))
@receiver("pre_save", [Album, Cover])
@pre_save(both)
@pre_save(set(both))
@pre_save({"album": Album, "cover": Cover}.values())
async def any_model(sender: type[ormar.Model], instance: ormar.Model, **kwargs: object) -> None: ...
@pre_save([Album, Cover])
async def untyped(sender, instance, **kwargs): ...  # type: ignore[no-untyped-def]
for each in [Album, Cover]:
    @pre_save(each)
    async def of_each(sender: type[ormar.Model], **kwargs: object) -> None: ...
"""
UNION = """
@pre_save([Album, Cover])
@pre_save({Album, Cover})
@pre_save((Album, Cover))
@receiver("pre_save", [Album, Cover])
async def either(
    sender: type[Album | Cover], instance: Album | Cover, **kwargs: object
) -> None: ...
@pre_save([Album, Cover])
async def one(sender: type[Album | Cover], instance: Album, **kwargs: object) -> None: ...
"""


@pytest.fixture(scope="module", params=[*BOTH, OURS, PYDANTICS, ""])
def plugins(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def said(plugins: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of each module, in one run."""
    mypy = Mypy(tmp_path_factory.mktemp("pydantic"), plugins)
    mypy.write("beside", BESIDE, ORMAR)
    mypy.write("several", SEVERAL, ORMAR)
    mypy.write("union", f"{SEVERAL}{UNION}", ORMAR)
    return mypy.check()


def test_both_plugins_work(plugins: str, said: dict[str, list[str]]) -> None:
    texts = "\n".join(said["beside"])
    assert ("[pydantic-field]" in texts) is (PYDANTICS in plugins)
    for ours in (
        '"typed_signals.lifecycle.ModelSignals[beside.Old]"',
        '"beside.AlbumSignals"',
        "it requires `instnace`",
    ):
        assert (ours in texts) is (OURS in plugins)


def test_models_with_different_fields_are_several_senders(said: dict[str, list[str]]) -> None:
    assert [text for text in said.get("several", []) if "[pydantic-field]" not in text] == []


def test_the_plugin_knows_the_union_of_models_with_different_fields(
    plugins: str, said: dict[str, list[str]]
) -> None:
    if OURS not in plugins:
        pytest.skip("without our plugin mypy knows no union of the models")
    [text] = [text for text in said["union"] if "[pydantic-field]" not in text]
    assert "`instance` is annotated `Album`, and `pre_save` sends `Album | Cover`" in text
