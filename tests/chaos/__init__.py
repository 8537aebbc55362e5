"""The campaign of `make chaos`: real servers, workers and targets, killed, frozen, cut off and overrun.

`stack.py` starts everything, `product.py` makes something to deploy, `worker.py` is a Celery worker that comes by the
traps of `traps.py` and can do without each guard of `guards.py`. Every test names its guard and has a negative control:
the same scene without the guard must go wrong. Lengths are a fifth of the real ones (LIFECYCLE_TEMPO) and so are the
limits; `test_real_values.py` takes a part at the real ones. LIFECYCLE_CHAOS_SEED repeats a run's dice,
LIFECYCLE_CHAOS_SHARE=0.2 runs a fifth of the rounds. The table is printed at the end and kept in `var/chaos.json`.
"""
