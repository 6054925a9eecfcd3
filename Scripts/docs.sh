#!/usr/bin/env bash
# Makes the documentation of the libraries (DocC) in .build/documentation. A link that leads nowhere
# and any other warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p .build/documentation
for target in MarbleArrow MarbleFlight; do
    swift package --allow-writing-to-directory .build/documentation generate-documentation \
        --target "$target" --output-path ".build/documentation/$target" --warnings-as-errors
done
echo "docs: in .build/documentation; show them with" \
    "swift package --disable-sandbox preview-documentation --target MarbleFlight"
