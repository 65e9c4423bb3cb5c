#!/usr/bin/env bash
# azd's hook after a provision: sees to it that pool and app have the trainer's image of this folder, by digest.
#   1. The image's tag is the hash of what it is built from. The registry builds it (az acr build) unless it has it already.
#   2. Where the environment has another digest, it gets this one and is provisioned a second time. That run's hook has nothing to do.
# R1_BUILD_IMAGE=false keeps the image that R1_TRAINER_IMAGE names.
set -euo pipefail

# The second provision, below.
[[ -z ${R1_IMAGE_IS_SET:-} ]] || exit 0
[[ ${R1_BUILD_IMAGE:-true} != false ]] || exit 0
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { echo "trainer image: $*"; }
fail() { say "$*" >&2; exit 1; }
sha256() { if command -v sha256sum > /dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi }

[[ -n ${AZURE_CONTAINER_REGISTRY_ENDPOINT:-} ]] || fail "AZURE_CONTAINER_REGISTRY_ENDPOINT is not set: azd sets it after a provision"
registry=${AZURE_CONTAINER_REGISTRY_ENDPOINT%%.*}

# All that .dockerignore lets through, names and contents.
inputs=()
while read -r pattern; do
    for path in ${pattern#!}; do inputs+=("$path"); done
done < <(grep '^!' .dockerignore)
export -f sha256
tag=$(find "${inputs[@]}" -type f -not -path '*/bin/*' -not -path '*/obj/*' -not -path '*/node_modules/*' -print0 | LC_ALL=C sort -z \
    | xargs -0 bash -c 'sha256 "$@"' - | sha256 | cut -c 1-16)

digest() { az acr repository show -n "$registry" --image "gpujob:$tag" --query digest -o tsv 2> /dev/null || true; }

found=$(digest)
if [[ -z $found ]]; then
    say "building gpujob:$tag in $registry"
    az acr build -r "$registry" -t "gpujob:$tag" -f infra/docker/Dockerfile .
    found=$(digest)
fi
[[ $found =~ ^sha256:[0-9a-f]{64}$ ]] || fail "registry $registry tells no digest of gpujob:$tag (it says '$found')"

image=gpujob@$found
if [[ $image == "${R1_TRAINER_IMAGE:-}" ]]; then
    say "pool and app have $image"
    exit 0
fi
say "giving pool and app $image"
azd env set R1_TRAINER_IMAGE "$image" -e "$AZURE_ENV_NAME"
R1_TRAINER_IMAGE=$image R1_IMAGE_IS_SET=yes azd provision --no-prompt -e "$AZURE_ENV_NAME"
