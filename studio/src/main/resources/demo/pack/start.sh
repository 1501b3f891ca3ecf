#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts the demo in this folder: ./start.sh [--port N] [--host ADDRESS] [--no-open]. Needs a Java 17 or newer and nothing else.
here="$(cd "$(dirname "$0")" && pwd)" || exit 1
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
command -v "$java" >/dev/null 2>&1 || java=java
command -v "$java" >/dev/null 2>&1 || { echo "start.sh: there is no Java: install one of version 17 or newer, or set JAVA_HOME" >&2; exit 1; }
set -- demo start "$here" "$@"
flags="-XX:+UseSerialGC -Xms40m -Djava.awt.headless=true -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0"
flags="$flags --add-opens java.base/java.io=ALL-UNNAMED"
case "$("$java" --list-modules 2>/dev/null)" in *jdk.incubator.vector*) flags="$flags --add-modules jdk.incubator.vector" ;; esac
case "$("$java" --version 2>/dev/null | head -n 1)" in
  *" 17"* | *" 18"* | *" 19"* | *" 20"* | *" 21"*) ;;
  *) flags="$flags --enable-native-access=ALL-UNNAMED" ;;
esac
if [ -z "${OPENBLAS_CORETYPE:-}" ] && grep -qm1 avx512f /proc/cpuinfo 2>/dev/null; then export OPENBLAS_CORETYPE=SKYLAKEX; fi
# shellcheck disable=SC2086
exec "$java" $flags -cp "$here/lib/*" dev.diffusion4j.cli.Diffuse "$@"
