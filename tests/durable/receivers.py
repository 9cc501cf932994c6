"""Durable receivers that note what they get, and how to wait for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any

import pydantic

import typed_signals
from typed_signals import post_save
from typed_signals.durable import Durable, Job


class Receipt(pydantic.BaseModel):
    id: int
    total: Decimal


def receives(shop: Any, signal: str = "post_save", **options: Any) -> list[dict[str, Any]]:
    """What a durable receiver gets."""
    received: list[dict[str, Any]] = []

    async def receiver(sender: Any, **payload: Any) -> None:
        received.append({"sender": sender, **payload})

    typed_signals.receiver(
        signal, shop.Order, durable=Durable(options.pop("name", "mail.receipt"), **options)
    )(receiver)
    return received


class BrokenError(Exception):
    """What a receiver fails with."""


class Named(pydantic.BaseModel):
    name: str


async def send(shop: Any, *names: str) -> None:
    async with shop.database.transaction():
        for name in names:
            await shop.Order(name=name).save()


def names(shop: Any, body: Any = None, **options: Any) -> list[tuple[str, int]]:
    """What a durable receiver gets: the orders' names, with the attempt."""
    received: list[tuple[str, int]] = []

    async def receiver(sender: Any, instance: Any, job: Job, **kwargs: Any) -> None:
        received.append((instance.name, job.attempt))
        if body:
            await body(instance.name, job)

    post_save(shop.Order, durable=Durable(options.pop("name", "note"), **options))(receiver)
    return received


PATIENCE = 90.0
"""The seconds after which a test fails: busy machines stand still for a while."""


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def settled(shop: Any, *states: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while Counter(await shop.states()) != Counter(states):
            await asyncio.sleep(0.02)
