#!/bin/sh
# Builds and pushes the image once; the file `image` names it by digest, so that nobody can move it afterwards.
set -eu
tag="registry.example.org/northwind/shop:$(printf %s "$RELEASE" | tr + -)"
docker build --tag "$tag" .
docker push "$tag"
docker image inspect --format '{{index .RepoDigests 0}}' "$tag" > image
