"""The payload of `send` is checked."""

from shop import Album, Track, any_album

signals = any_album().signals
bulk = signals.post_bulk_update


async def send(album: Album, track: Track) -> None:
    await signals.pre_save.send(sender=Album, instance=album)
    await signals.pre_save.send(Album, instance=album)
    await bulk.send(sender=Album, instances=[album])
    await signals.pre_save.send(sender=Album, instance=album, more=1)
    await signals.pre_save.send(sender=Album)  # E[missing-payload] all
    await signals.pre_save.send(instance=album)  # E[missing-payload] all
    await signals.pre_save.send(sender=Album, instnace=album)  # E[missing-payload] all
    await signals.pre_save.send(sender=Album, instance=track)  # E[sending-another-type] all
    await signals.pre_save.send(sender=Track, instance=album)  # E[sending-another-type] all
    await bulk.send(sender=Album, instances=album)  # E[sending-another-type] all
    await signals.pre_save.send(Album, album)  # E[sending-by-position] all
    signals.pre_save.send(sender=Album, instance=album)  # E[not-awaited] all


def disconnect() -> bool:
    return signals.pre_save.disconnect(send)


signals.pre_save.disconnect(3)  # E[not-callable] all
