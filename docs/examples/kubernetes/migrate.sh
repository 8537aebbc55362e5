#!/bin/sh
# One job per release, never tried again by itself; its log is this command's output.
set -eu
in="--namespace=shop-$ENVIRONMENT"
job="migrate-$(printf %s "$RELEASE" | tr -c 'a-z0-9' -)"
kubectl "$in" delete "job/$job" --ignore-not-found --wait
sed -e "s|NAME|$job|" -e "s|IMAGE|$(cat image)|" migrate.yaml | kubectl "$in" create --filename=-
kubectl "$in" wait --for=jsonpath='{.status.ready}'=1 --timeout=120s "job/$job" || true
kubectl "$in" logs --follow "job/$job"
kubectl "$in" wait --for=condition=complete --timeout=30s "job/$job"
