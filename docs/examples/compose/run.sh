#!/bin/sh
# One command in the new release's container, beside the one that serves.
set -eu
IMAGE=$(cat image)
export IMAGE
exec docker compose --project-name "shop-$ENVIRONMENT" run --rm --no-deps web "$@"
