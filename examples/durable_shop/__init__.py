"""A shop whose receipts are sent by other processes, at least once, even if a process dies."""
