"""Every signal that ormar sends, from real operations: when, by whom and with what."""

from tests.shop import Sent, listen, payloads

INSTANCE = ["instance"]


async def test_save_sends_pre_save_and_post_save(shop):
    heard = listen(shop.Album)
    album = shop.Album(name="Blue")
    await album.save()
    assert heard == [
        Sent("pre_save", shop.Album, {"instance": album}),
        Sent("post_save", shop.Album, {"instance": album}),
    ]
    assert all(sent.payload["instance"] is album for sent in heard)
