#!/bin/sh
# Switches to the release in this folder. Exit code 9: a newer fence was here, nothing was touched.
set -eu
exec 9>> "$DATA_DIR/fence.lock"
flock 9
seen=$(cat "$DATA_DIR/fence" 2> /dev/null || echo 0)
if [ "$FENCE" -lt "$seen" ]; then
    echo "fence $FENCE is older than $seen" >&2
    exit 9
fi
echo "$FENCE" > "$DATA_DIR/fence.new"
mv "$DATA_DIR/fence.new" "$DATA_DIR/fence"
IMAGE=$(cat image)
export IMAGE
docker compose --project-name "shop-$ENVIRONMENT" up --detach --wait --wait-timeout 120 --remove-orphans
