"""The zero-setup stack: PostgreSQL, Valkey, keeper, web, worker and beat under one launcher.

`bootstrap` makes the virtual environment, `launcher` runs the stack, `testing` gives tests a throw-away
pair of servers. Nothing here imports Django except `prepare`, which runs in its own process.
"""
