"""A shop on FastAPI and SQLModel whose side effects are receivers."""
