"""A record shop over HTTP.

Run it with `uvicorn --app-dir examples fastapi_shop.app:app` and open http://127.0.0.1:8000/docs.
Every change is one transaction; its side effects are in `receivers.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import ormar
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from fastapi_shop import receivers as receivers  # importing them connects them
from fastapi_shop.models import Album, AuditEntry, Tag, base, database, locked
from fastapi_shop.pages import AlbumPage, page_of


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with database:
        async with database.engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)
        yield


app = FastAPI(title="Record shop", lifespan=lifespan)


@app.exception_handler(ormar.NoMatch)
async def not_found(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "Not Found"}, status_code=404)


# --- what is sent and answered -------------------------------------------------------------------


class NewTag(BaseModel):
    name: str = Field(max_length=100)


class NewAlbum(BaseModel):
    name: str = Field(max_length=100)
    stock: int = Field(default=0, ge=0)


class Item(BaseModel):
    album: int
    copies: int = Field(gt=0)


class Created(BaseModel):
    id: int


# --- the shop ------------------------------------------------------------------------------------


@app.post("/tags", status_code=201)
async def add_tag(new: NewTag) -> Created:
    async with database.transaction():
        tag = await Tag.objects.create(name=new.name)
    return Created(id=tag.id)


@app.post("/albums", status_code=201)
async def add_album(new: NewAlbum) -> Created:
    async with database.transaction():
        album = await Album.objects.create(name=new.name, stock=new.stock)
    return Created(id=album.id)


@app.get("/albums/{album_id}")
async def show_album(album_id: int) -> AlbumPage:
    return await page_of(album_id)


@app.delete("/albums/{album_id}", status_code=204)
async def delete_album(album_id: int) -> None:
    async with database.transaction():
        album = await locked(album_id)
        await album.delete()


@app.put("/albums/{album_id}/tags/{tag_id}", status_code=204)
async def tag_album(album_id: int, tag_id: int) -> None:
    async with database.transaction():
        album = await locked(album_id)
        if not await album.tags.filter(id=tag_id).exists():
            await album.tags.add(await Tag.objects.get(id=tag_id))


@app.delete("/albums/{album_id}/tags/{tag_id}", status_code=204)
async def untag_album(album_id: int, tag_id: int) -> None:
    async with database.transaction():
        album = await locked(album_id)
        await album.tags.remove(await album.tags.get(id=tag_id))


@app.post("/orders", status_code=204)
async def order(items: list[Item]) -> None:
    """Sell all the items, or none."""
    async with database.transaction():
        for item in sorted(items, key=lambda item: item.album):  # so orders never wait in a circle
            album = await locked(item.album)
            if album.stock < item.copies:
                raise HTTPException(409, f"only {album.stock} of {album.name} left")
            await album.update(stock=album.stock - item.copies)


@app.get("/audit")
async def show_audit() -> list[str]:
    entries = await AuditEntry.objects.order_by("id").all()
    return [f"{entry.model} {entry.key} {entry.happened}" for entry in entries]
