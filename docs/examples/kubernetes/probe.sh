#!/bin/sh
# Prints the release of the running pods, if they agree. Any other exit code than 0 means: no clear answer.
set -eu
running=$(kubectl "--namespace=shop-$ENVIRONMENT" get pods --selector=app=shop --field-selector=status.phase=Running \
    --output='jsonpath={range .items[*]}{.metadata.annotations.lifecycle-release}{"\n"}{end}' | sort -u)
if [ "$(printf '%s\n' "$running" | wc -l)" -ne 1 ]; then
    echo "the pods run different releases" >&2
    exit 1
fi
printf '%s\n' "$running"
