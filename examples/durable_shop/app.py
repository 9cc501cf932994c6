"""The shop over HTTP: it takes orders, and shows what became of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from examples.durable_shop import receivers as receivers  # importing them connects them
from examples.durable_shop.models import Order, Receipt, database, outbox

CREDIT = Decimal(1000)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with database:
        yield


app = FastAPI(title="Durable shop", lifespan=lifespan)


class NewOrder(BaseModel):
    customer: str = Field(max_length=100)
    total: Decimal = Field(gt=0, decimal_places=2)


@app.post("/orders", status_code=201)
async def order(new: NewOrder) -> dict[str, int]:
    """Save the order and its event in one transaction, or neither."""
    async with database.transaction():
        made = await Order.objects.create(customer=new.customer, total=new.total)
        if await Order.objects.filter(customer=new.customer).sum("total") > CREDIT:
            raise HTTPException(409, f"{new.customer} has no credit left")
    return {"id": made.id}


@app.get("/receipts")
async def receipts() -> list[str]:
    return [each.text for each in await Receipt.objects.order_by("id").all()]


@app.get("/outbox")
async def status() -> list[dict[str, Any]]:
    return [each._asdict() for each in await outbox.status()]
