"""Every signal that ormar sends: by which operation, with which sender and payload."""

from weakref import ProxyType

import pytest

from tests.shop import LIFECYCLE, log_sends
from typed_signals import ModelSignals
from typed_signals.ormar import (
    SignalDefinitionError,
    get_signals,
    post_relation_add,
    post_relation_remove,
    pre_relation_add,
    pre_relation_remove,
    pre_save,
    pre_update,
)


def check(log, *expected):
    """Compare the log: signals in order, their senders, and identical payload objects."""
    assert [(sent.signal, sent.sender.__name__, list(sent.payload)) for sent in log] == [
        (signal, sender.__name__, list(payload)) for signal, sender, payload in expected
    ]
    for sent, (_, sender, payload) in zip(log, expected, strict=True):
        assert sent.sender is sender
        for name, value in payload.items():
            given = sent.payload[name]
            plain = isinstance(value, str | dict | list)
            assert given == value if plain else unproxied(given) is value, (sent.signal, name)


def unproxied(instance):
    """The instance itself: relations send a weak proxy of it."""
    return instance.__repr__.__self__ if type(instance) is ProxyType else instance


def lifecycle(verb, model, **payload):
    """The pre and post signals of an operation."""
    extra = {"passed_args": payload.pop("passed_args")} if verb == "update" else {}
    return (f"pre_{verb}", model, {**payload, **extra}), (f"post_{verb}", model, payload)


def saved(instance):
    return lifecycle("save", type(instance), instance=instance)


def updated(instance, **passed_args):
    return lifecycle("update", type(instance), instance=instance, passed_args=passed_args)


def deleted(instance):
    return lifecycle("delete", type(instance), instance=instance)


# --- save, update, delete ------------------------------------------------------------------------


async def test_save_sends_pre_save_and_post_save(shop):
    log = log_sends(shop.Album)
    album = shop.Album(name="Blue")
    assert await album.save() is album
    check(log, *saved(album))


async def test_create_sends_pre_save_and_post_save(shop):
    log = log_sends(shop.Album)
    album = await shop.Album.objects.create(name="Blue")
    check(log, *saved(album))


async def test_update_sends_what_it_was_given(shop):
    album = await shop.Album.objects.create(name="Blue")
    log = log_sends(shop.Album)
    await album.update(name="Hejira", play_count=3)
    check(log, *updated(album, name="Hejira", play_count=3))


async def test_update_without_arguments_sends_an_empty_dict(shop):
    album = await shop.Album.objects.create(name="Blue")
    log = log_sends(shop.Album)
    album.name = "Hejira"
    await album.update()
    check(log, *updated(album))


async def test_upsert_sends_save_without_a_primary_key_and_update_with_one(shop):
    log = log_sends(shop.Album)
    album = shop.Album(name="Blue")
    await album.upsert()
    await album.upsert(name="Hejira")
    check(log, *saved(album), *updated(album, name="Hejira"))


async def test_forced_upsert_sends_what_the_database_needs(shop):
    log = log_sends(shop.Album)
    album = shop.Album(id=7, name="Blue")
    await album.upsert(__force_save__=True)
    await album.upsert(__force_save__=True, name="Hejira")
    check(log, *saved(album), *updated(album, name="Hejira"))


async def test_delete_sends_pre_delete_and_post_delete(shop):
    album = await shop.Album.objects.create(name="Blue")
    log = log_sends(shop.Album)
    await album.delete()
    check(log, *deleted(album))


async def test_deleted_instance_sends_save_signals_again(shop):
    album = await shop.Album.objects.create(name="Blue")
    log = log_sends(shop.Album)
    await album.delete()
    await album.save()
    check(log, *deleted(album), *saved(album))


async def test_get_or_create_sends_only_when_it_creates(shop):
    log = log_sends(shop.Album)
    await shop.Album.objects.get_or_create(name="Blue")
    await shop.Album.objects.get_or_create(name="Blue")
    assert [sent.signal for sent in log] == ["pre_save", "post_save"]


async def test_update_or_create_sends_what_it_does(shop):
    log = log_sends(shop.Album)
    album = await shop.Album.objects.update_or_create(name="Blue")
    again = await shop.Album.objects.update_or_create(id=album.id, name="Hejira")
    check(log, *saved(album), *updated(again, id=album.id, name="Hejira"))


async def test_save_related_sends_save_signals_of_each_instance(shop):
    album = await shop.Album.objects.create(name="Blue")
    track = shop.Track(name="River", album=album)
    log = log_sends(shop.Track)
    await album.save_related()
    check(log, *saved(track))


async def test_signals_are_sent_around_the_write(shop):
    """Nothing is written before ``pre_…`` has finished, and all is at ``post_…``."""
    seen = []

    async def look(sender, **kwargs):
        seen.append([(each.name, each.play_count) for each in await sender.objects.all()])

    signals = get_signals(shop.Album, ModelSignals)
    for name in ("save", "update", "delete"):
        signals[f"pre_{name}"].connect(look)
        signals[f"post_{name}"].connect(look)
    album = await shop.Album.objects.create(name="Blue")
    await album.update(play_count=5)
    await album.delete()
    assert seen == [[], [("Blue", 0)], [("Blue", 0)], [("Blue", 5)], [("Blue", 5)], []]


# --- what is changed before it is written --------------------------------------------------------


async def test_changes_by_pre_save_receivers_are_saved(shop):
    @pre_save(shop.Album)
    async def tidy(sender, instance, **kwargs):
        instance.name = instance.name.strip()

    album = await shop.Album.objects.create(name="  Blue ")
    assert album.name == "Blue"
    assert (await shop.Album.objects.get(id=album.id)).name == "Blue"


async def test_changes_by_pre_update_receivers_are_written(shop):
    @pre_update(shop.Album)
    async def promote(sender, instance, **kwargs):
        if instance.play_count > 50 and not instance.is_best_seller:
            instance.is_best_seller = True

    album = await shop.Album.objects.create(name="Blue")
    await album.update(play_count=30)
    assert (await shop.Album.objects.get(id=album.id)).is_best_seller is False
    await album.update(play_count=60)
    assert (await shop.Album.objects.get(id=album.id)).is_best_seller is True


async def test_exception_in_pre_save_is_raised_and_nothing_is_written(shop):
    @pre_save(shop.Album)
    async def refuse(sender, instance, **kwargs):
        raise PermissionError("closed")

    with pytest.raises(PermissionError, match="closed"):
        await shop.Album.objects.create(name="Blue")
    assert await shop.Album.objects.count() == 0


async def test_receiver_writes_other_models(shop):
    @pre_save([shop.Album, shop.Track])
    async def audit(sender, instance, **kwargs):
        await shop.AuditLog.objects.create(event=f"{sender.__name__} {instance.name}")

    await shop.Album.objects.create(name="Blue")
    await shop.Track.objects.create(name="River")
    events = [each.event for each in await shop.AuditLog.objects.all()]
    assert events == ["Album Blue", "Track River"]


# --- bulk ----------------------------------------------------------------------------------------


async def test_bulk_update_sends_one_signal_for_the_list(shop):
    albums = [await shop.Album.objects.create(name=name) for name in ("Blue", "Hejira")]
    log = log_sends(shop.Album)
    for album in albums:
        album.play_count = 9
    await shop.Album.objects.bulk_update(albums)
    check(log, ("post_bulk_update", shop.Album, {"instances": albums}))
    assert [id(each) for each in log[0].payload["instances"]] == [id(each) for each in albums]
    assert [each.play_count for each in await shop.Album.objects.all()] == [9, 9]


async def silent_bulk_create(shop):
    await shop.Album.objects.bulk_create([shop.Album(name="Court"), shop.Album(name="Mingus")])


async def silent_queryset_update(shop):
    await shop.Album.objects.filter(name="Blue").update(name="Hejira")


async def silent_queryset_update_each(shop):
    await shop.Album.objects.update(each=True, play_count=1)


async def silent_queryset_delete(shop):
    await shop.Album.objects.filter(name="Blue").delete()


async def silent_queryset_delete_each(shop):
    await shop.Album.objects.delete(each=True)


async def silent_reading(shop):
    album = await shop.Album.objects.get(name="Blue")
    await album.load()


@pytest.mark.parametrize(
    "operation",
    [
        silent_bulk_create,
        silent_queryset_update,
        silent_queryset_update_each,
        silent_queryset_delete,
        silent_queryset_delete_each,
        silent_reading,
    ],
)
async def test_operations_without_an_instance_send_nothing(shop, operation):
    await shop.Album.objects.create(name="Blue")
    before = await shop.Album.objects.values()
    log = log_sends(shop.Album)
    await operation(shop)
    assert log == []
    assert (await shop.Album.objects.values() != before) is (operation is not silent_reading)


# --- relations -----------------------------------------------------------------------------------


def on_relation(verb, owner, child, name, **extra):
    payload = {"instance": owner, "child": child, "relation_name": name}
    return [(f"{when}_relation_{verb}", type(owner), {**payload, **extra}) for when in _WHEN]


_WHEN = ("pre", "post")


async def test_adding_to_a_many_to_many_relation_sends_relation_signals(shop):
    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")
    log = log_sends(shop.Album)
    log_sends(shop.Tag, log=log)
    await album.tags.add(tag)
    check(log, *on_relation("add", album, tag, "tags", passed_kwargs={}))


async def test_adding_from_the_other_side_is_sent_by_that_model(shop):
    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")
    log = log_sends(shop.Album)
    log_sends(shop.Tag, log=log)
    await tag.albums.add(album, weight=2)
    check(log, *on_relation("add", tag, album, "albums", passed_kwargs={"weight": 2}))


async def test_through_model_sends_its_own_signals_between_pre_and_post(shop):
    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")
    log = log_sends(shop.Album)
    log_sends(shop.AlbumTag, log=log)
    await album.tags.add(tag, weight=3)
    await album.tags.remove(tag)
    assert [(sent.sender, sent.signal) for sent in log] == [
        (shop.Album, "pre_relation_add"),
        (shop.AlbumTag, "pre_save"),
        (shop.AlbumTag, "post_save"),
        (shop.Album, "post_relation_add"),
        (shop.Album, "pre_relation_remove"),
        (shop.AlbumTag, "pre_delete"),
        (shop.AlbumTag, "post_delete"),
        (shop.Album, "post_relation_remove"),
    ]
    assert [log[index].payload["instance"].weight for index in (1, 5)] == [3, 3]


async def test_removing_from_a_many_to_many_relation_sends_relation_signals(shop):
    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")
    await album.tags.add(tag)
    log = log_sends(shop.Album)
    log_sends(shop.Tag, log=log)
    await album.tags.remove(tag)
    check(log, *on_relation("remove", album, tag, "tags"))
    assert await shop.AlbumTag.objects.count() == 0


@pytest.mark.parametrize("is_saved", [False, True], ids=["new child", "saved child"])
async def test_adding_to_a_reverse_foreign_key_updates_the_child(shop, is_saved):
    album = await shop.Album.objects.create(name="Blue")
    track = shop.Track(name="River")
    if is_saved:
        await track.save()
    log = log_sends(shop.Album)
    log_sends(shop.Track, log=log)
    await album.tracks.add(track)
    before, after = on_relation("add", album, track, "tracks", passed_kwargs={})
    check(log, before, *(updated(track) if is_saved else saved(track)), after)
    assert (await shop.Track.objects.get(name="River")).album.id == album.id


@pytest.mark.parametrize("keep_reversed", [True, False])
async def test_removing_from_a_reverse_foreign_key_updates_or_deletes_the_child(
    shop, keep_reversed
):
    album = await shop.Album.objects.create(name="Blue")
    await shop.Track.objects.create(name="River", album=album)
    album = await shop.Album.objects.select_related("tracks").get(id=album.id)
    (track,) = album.tracks
    log = log_sends(shop.Album)
    log_sends(shop.Track, log=log)
    await album.tracks.remove(track, keep_reversed=keep_reversed)
    before, after = on_relation("remove", album, track, "tracks")
    check(log, before, *(updated(track) if keep_reversed else deleted(track)), after)
    assert await shop.Track.objects.count() == keep_reversed


# --- what was passed to add() --------------------------------------------------------------------


async def test_passed_args_is_the_same_dict_as_passed_kwargs(shop):
    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")
    received = []

    @post_relation_add(shop.Album)
    @pre_relation_add(shop.Album)
    async def both(sender, passed_args, passed_kwargs, **kwargs):
        received.append((passed_args, passed_kwargs, sorted(kwargs)))

    @post_relation_add(shop.Album)
    @pre_relation_add(shop.Album)
    async def documented(sender, instance, child, relation_name, passed_args, **kwargs):
        received.append((passed_args, kwargs["passed_kwargs"], sorted(kwargs)))

    await album.tags.add(tag, weight=4)
    assert [keys for _, _, keys in received] == 2 * [
        ["child", "instance", "relation_name"],
        ["passed_kwargs"],
    ]
    dicts = [each for args, kwargs, _ in received for each in (args, kwargs)]
    assert all(each is dicts[0] for each in dicts)
    assert dicts[0] == {"weight": 4}


@pytest.mark.parametrize("name", ["passed_args", "passed_kwargs"])
async def test_changing_passed_args_changes_the_through_row(shop, name):
    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")

    if name == "passed_args":

        @pre_relation_add(shop.Album)
        async def raise_weight(sender, passed_args, **kwargs):
            passed_args["weight"] = 10
    else:

        @pre_relation_add(shop.Album)
        async def raise_weight(sender, passed_kwargs, **kwargs):
            passed_kwargs["weight"] = 10

    await album.tags.add(tag, weight=4)
    assert (await shop.AlbumTag.objects.get()).weight == 10


async def test_post_relation_remove_passes_an_empty_dict_as_passed_args(shop):
    album = await shop.Album.objects.create(name="Blue")
    tag = await shop.Tag.objects.create(name="folk")
    await album.tags.add(tag)
    received = []

    @post_relation_remove(shop.Album)
    async def documented(sender, instance, child, relation_name, passed_args, **kwargs):
        received.append((passed_args, kwargs))

    await album.tags.remove(tag)
    assert received == [({}, {})]


def test_pre_relation_remove_has_no_passed_args(shop):
    with pytest.raises(SignalDefinitionError, match=r"requires `passed_args`.* never sends"):

        @pre_relation_remove(shop.Album)
        async def wrong(sender, passed_args, **kwargs): ...


async def test_pre_update_gets_the_dict_of_update_itself(shop):
    album = await shop.Album.objects.create(name="Blue")
    received = []

    @pre_update(shop.Album)
    async def one(sender, passed_args, **kwargs):
        passed_args["note"] = "seen"

    @pre_update(shop.Album)
    async def other(sender, passed_args, **kwargs):
        received.append(passed_args)

    await album.update(name="Hejira")
    assert received == [{"name": "Hejira", "note": "seen"}]


# --- senders -------------------------------------------------------------------------------------


async def test_receivers_receive_from_their_own_model_only(shop):
    log = log_sends(shop.Track)
    await shop.Album.objects.create(name="Blue")
    assert log == []


def test_lifecycle_names_are_those_that_the_emitter_declares():
    assert sorted(ModelSignals()) == sorted(LIFECYCLE)
