#!/usr/bin/env bash
# Publishes the coordinator with its worker for each platform, and the worker as a .NET tool.
#   deploy/publish.sh [DIRECTORY [PLATFORM|tool ...]]      default: artifacts/published, all platforms and the tool
# DIRECTORY/PLATFORM holds Backprop.Coordinator and worker/Backprop.Worker, which need no .NET on their machine;
# DIRECTORY/tool the package for `dotnet tool install`.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
case "${1:-}" in tool | linux-* | win-* | osx-*)
  echo "$1 stands where the directory belongs; such as: deploy/publish.sh artifacts/published $*" >&2
  exit 2 ;;
esac
target=$(realpath -m "${1:-$root/artifacts/published}")
shift || true
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(linux-x64 linux-arm64 win-x64 osx-arm64 tool)

# What is built for it lies apart, so that neither is in the other's way.
build="$target/build"
# The build has judged the code; here it is only compiled, in two thirds of the time.
options=(-c Release -p:ArtifactsPath="$build" -p:RunAnalyzers=false --nologo -v quiet)
rows=()
for platform in "${wanted[@]}"; do
  if [ "$platform" = tool ]; then
    dotnet pack "$root/src/Worker" "${options[@]}" -o "$target/tool"
    rows+=("| .NET tool | | $(du -k "$(ls -t "$target"/tool/*.nupkg | head -n 1)" | cut -f1) KB |")
  else
    dotnet publish "$root/src/Coordinator" "${options[@]}" -r "$platform" -o "$target/$platform"
    cp "$root/LICENSE" "$target/$platform/"
    rows+=("| $platform | $(du -sm "$target/$platform" | cut -f1) MB | $(du -sm "$target/$platform/worker" | cut -f1) MB |")
  fi
done

echo "| platform | coordinator with worker | worker alone |"
echo "|---|---|---|"
printf '%s\n' "${rows[@]}"
