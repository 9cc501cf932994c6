"""What ormar's page about signals promises, in its spelling and in today's.

The legacy lane spells a model with ``class Meta`` and a ``databases.Database``, the current one
with ``ormar_config`` and a ``DatabaseConnection``, and the lane between with a bit of both. The
models of this file are therefore written out, not made by ``tests.shop``.
"""

import ormar
import pytest
import sqlalchemy
from ormar import post_delete, post_save, pre_save, pre_update
from ormar.decorators.signals import receiver

from tests import lanes
from typed_signals import SignalNameWarning
from typed_signals.ormar import SignalDefinitionError, install, uninstall

metadata = sqlalchemy.MetaData()

if lanes.LEGACY:
    import databases

    database = databases.Database("sqlite:///db.sqlite")

    class AuditLog(ormar.Model):
        class Meta:
            tablename = "documented_audit_logs"
            metadata = metadata
            database = database

        id: int = ormar.Integer(primary_key=True)
        event_type: str = ormar.String(max_length=100)
        event_log: str = ormar.Text()

    class Album(ormar.Model):
        class Meta(ormar.ModelMeta):
            tablename = "documented_albums"
            metadata = metadata
            database = database

        id: int = ormar.Integer(primary_key=True)
        name: str = ormar.String(max_length=100)
        is_best_seller: bool = ormar.Boolean(default=False)
        play_count: int = ormar.Integer(default=0)

else:
    if lanes.DATABASES:
        import databases

        database = databases.Database("sqlite:///db.sqlite")
    else:
        database = ormar.DatabaseConnection("sqlite+aiosqlite:///db.sqlite")

    base_ormar_config = ormar.OrmarConfig(metadata=metadata, database=database)

    class AuditLog(ormar.Model):
        ormar_config = base_ormar_config.copy(tablename="documented_audit_logs")

        id: int = ormar.Integer(primary_key=True)
        event_type: str = ormar.String(max_length=100)
        event_log: str = ormar.Text()

    class Album(ormar.Model):
        ormar_config = base_ormar_config.copy(tablename="documented_albums")

        id: int = ormar.Integer(primary_key=True)
        name: str = ormar.String(max_length=100)
        is_best_seller: bool = ormar.Boolean(default=False)
        play_count: int = ormar.Integer(default=0)


def dump(instance):
    return instance.json() if lanes.LEGACY else instance.model_dump_json()


@pytest.fixture(autouse=True)
async def shop(tmp_path, monkeypatch):
    """Both models with their tables in ``db.sqlite`` of an empty directory."""
    monkeypatch.chdir(tmp_path)  # the URL is relative, as it is on the page
    engine = sqlalchemy.create_engine("sqlite:///db.sqlite")
    metadata.create_all(engine)
    engine.dispose()
    install()
    async with database:
        yield
    uninstall()
    for model in (Album, AuditLog):
        (model.Meta if lanes.LEGACY else model.ormar_config).signals = ormar.signals.SignalEmitter()


async def test_decorated_receiver_changes_what_is_written():
    @pre_update(Album)
    async def update_best_seller(sender, instance, **kwargs):
        instance.is_best_seller = instance.play_count > 50

    album = await Album.objects.create(name="Blue")
    assert album.is_best_seller is False
    album.play_count = 51
    await album.update()
    assert (await Album.objects.get(name="Blue")).is_best_seller is True


async def test_list_of_models_connects_to_each():
    seen = []

    @post_save([Album, AuditLog])
    async def note(sender, instance, **kwargs):
        seen.append((sender, instance.id))

    album = await Album.objects.create(name="Blue")
    log = await AuditLog.objects.create(event_type="x", event_log="y")
    assert seen == [(Album, album.id), (AuditLog, log.id)]


async def test_stacked_decorators_connect_to_each_signal():
    @post_delete(Album)
    @post_save(Album)
    async def audit(sender, instance, **kwargs):
        await AuditLog(event_type=sender.__name__, event_log=dump(instance)).save()

    album = await Album.objects.create(name="Blue")
    await album.delete()
    assert [log.event_type for log in await AuditLog.objects.all()] == ["Album", "Album"]
    assert '"Blue"' in (await AuditLog.objects.first()).event_log


class AlbumAuditor:
    def __init__(self):
        self.event_type = "ALBUM_INSTANCE"

    async def before_save(self, sender, instance, **kwargs):
        await AuditLog(event_type=f"PRE_{self.event_type}", event_log=dump(instance)).save()

    async def after_save(self, sender, instance, **kwargs):
        await AuditLog(event_type=f"POST_{self.event_type}", event_log=dump(instance)).save()


async def test_bound_method_connected_through_the_class_is_disconnected_through_an_instance():
    auditor = AlbumAuditor()
    Album.Meta.signals.pre_save.connect(auditor.before_save)
    Album.Meta.signals.post_save.connect(auditor.after_save)

    album = await Album.objects.create(name="Blue")
    logs = await AuditLog.objects.order_by("id").all()
    assert [log.event_type for log in logs] == ["PRE_ALBUM_INSTANCE", "POST_ALBUM_INSTANCE"]

    assert album.signals.pre_save.disconnect(auditor.before_save) is True
    assert album.signals.post_save.disconnect(auditor.after_save) is True
    assert album.signals.post_save.disconnect(auditor.after_save) is False
    await Album.objects.create(name="Hejira")
    assert await AuditLog.objects.count() == 2


@pytest.mark.skipif(lanes.LEGACY, reason="this spelling came with ormar 0.20")
async def test_configuration_spelling_gives_the_same_signal():
    auditor = AlbumAuditor()
    Album.ormar_config.signals.pre_save.connect(auditor.before_save)
    assert Album.ormar_config.signals is Album.Meta.signals
    assert Album.Meta.signals.pre_save.receivers == (auditor.before_save,)


async def test_custom_signal_is_assigned_or_made_on_access():
    signal = ormar.Signal()
    Album.Meta.signals.your_custom_signal = signal
    assert Album.Meta.signals.your_custom_signal is signal
    received = []

    async def note(sender, **kwargs):
        received.append((sender, kwargs))

    Album.Meta.signals.your_custom_signal.connect(note)
    Album.Meta.signals.other_signal.connect(note)
    album = await Album.objects.create(name="Blue")
    await Album.Meta.signals.your_custom_signal.send(sender=Album, instance=album, more=1)
    await album.signals.other_signal.send(sender=Album)
    assert received == [(Album, {"instance": album, "more": 1}), (Album, {})]


def test_documented_refusals_are_raised():
    with pytest.raises(ormar.exceptions.SignalDefinitionError, match="cannot be called"):
        pre_save(Album)("wrong")

    async def no_kwargs(sender, instance): ...

    with pytest.raises(ormar.exceptions.SignalDefinitionError, match=r"accept `\*\*kwargs`"):
        pre_save(Album)(no_kwargs)
    assert issubclass(SignalDefinitionError, ormar.exceptions.SignalDefinitionError)


def test_misspelling_in_ormars_own_tests_warns():
    with pytest.warns(SignalNameWarning, match="did you mean `post_bulk_update`"):
        Album.Meta.signals.bulk_post_update


def test_ormars_decorator_warns_of_a_misspelling_where_it_is_written():
    async def renumber(sender, instances, **kwargs): ...

    with pytest.warns(SignalNameWarning, match="did you mean `post_bulk_update`") as caught:
        receiver("post_bluk_update", Album)(renumber)
    assert [each.filename for each in caught] == [__file__]
