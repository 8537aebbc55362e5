# One command per chore, the same at home and in CI. All the logic is in lifecycle/embedded/.
#   make run | make test ARGS="tests/ideas -k vote" | make reset | make lint | make bench | make chaos | make chaos-smoke | make races
PYTHON ?= python3

VERBS := run test reset lint bench chaos chaos-smoke races compose psql shell manage messages lock

.PHONY: $(VERBS)
$(VERBS):
	@$(PYTHON) lifecycle/embedded/bootstrap.py $@ $(ARGS)
