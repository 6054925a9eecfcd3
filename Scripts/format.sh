#!/usr/bin/env bash
# Formats the Swift code (Scripts/format.sh), or says what isn't formatted (Scripts/format.sh lint).
set -euo pipefail
cd "$(dirname "$0")/.."

paths=(Package.swift Sources Tests Fuzz/Targets Fuzz/Tests Fuzz/Driver)
[ ! -d Examples ] || paths+=(Examples)
if [ "${1:-}" = lint ]; then
    swift format lint --strict --recursive --parallel --configuration .swift-format "${paths[@]}"
else
    swift format --in-place --recursive --parallel --configuration .swift-format "${paths[@]}"
fi
