"""A shop over HTTP, on SQLModel.

Run it with `uvicorn --app-dir examples sqlmodel_shop.app:app` and open http://127.0.0.1:8000/docs.
Every request is one transaction; its side effects are in `receivers.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from sqlmodel_shop.models import AuditEntry, Item, Order, engine, new_session
from sqlmodel_shop.receivers import SoldOutError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(title="Shop", lifespan=lifespan)


async def session() -> AsyncIterator[AsyncSession]:
    async with new_session() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


@app.exception_handler(SoldOutError)
async def sold_out(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "sold out"}, status_code=409)


class NewOrder(BaseModel):
    item_id: int
    copies: int = Field(default=1, gt=0)


class State(BaseModel):
    state: str = Field(max_length=20)


@app.post("/items", status_code=201)
async def add_item(item: Item, session: Session) -> Item:
    session.add(item)
    await session.commit()
    return item


@app.get("/items/{number}")
async def show_item(number: int, session: Session) -> Item:
    item = await session.get(Item, number)
    if item is None:
        raise HTTPException(404)
    return item


@app.post("/orders", status_code=201)
async def add_order(new: NewOrder, session: Session) -> Order:
    order = Order(item_id=new.item_id, copies=new.copies)
    session.add(order)
    await session.commit()
    return order


@app.put("/orders/{number}")
async def change_order(number: int, new: State, session: Session) -> Order:
    order = await session.get(Order, number)
    if order is None:
        raise HTTPException(404)
    order.state = new.state
    await session.commit()
    return order


@app.get("/audit")
async def audit(session: Session) -> list[str]:
    return list((await session.exec(select(AuditEntry.event))).all())
