#!/bin/sh
# git asks "Username for …" and "Password for …"; the answers are in its environment, never on a command line.
case "$1" in
Username*) printf '%s\n' "$LIFECYCLE_LOGIN" ;;
*) printf '%s\n' "$LIFECYCLE_PASSWORD" ;;
esac
