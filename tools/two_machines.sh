#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Trains on two machines that are two network namespaces of this one: red and blue have addresses of their own, a cable between them (a veth
# pair), and no folder in common for the run. Shown are: a training, equal to that of `diffuse launch`; going on with a run that only red has;
# and a cable that is pulled out. Linux, with iproute2 and util-linux; not as root it needs user namespaces. Two minutes.
#
# Usage: tools/two_machines.sh [FOLDER for what they write; default: a temporary one]
#
# All of it is in namespaces of this script: whatever it started ends with it, and nothing of the system is changed.
set -euo pipefail
home="$(cd "$(dirname "$0")/.." && pwd)"

if [ -z "${TWO_MACHINES:-}" ]; then
  "$home/diffuse" --version >/dev/null # builds where it must, while there is a network
  work="${1:-$(mktemp -d)}"
  mkdir -p "$work"
  [ -n "${1:-}" ] || trap 'rm -rf "$work"' EXIT
  user=(--user --map-root-user)
  [ "$(id -u)" != 0 ] || user=()
  TWO_MACHINES="$(cd "$work" && pwd)" unshare "${user[@]}" --net --mount --pid --fork --kill-child --mount-proc "$0"
  exit
fi

work="$TWO_MACHINES"
export OMP_NUM_THREADS=1 DIFFUSION4J_JOIN_SECONDS=60 DIFFUSION4J_EXCHANGE_SECONDS=20
unset RANK WORLD_SIZE MASTER_ADDR MASTER_PORT
run=(--set 'model.config.block_out_channels=[32]' --set model.config.layers_per_block=1 --set model.config.attention_head_dim=8
  --set 'model.config.down_block_types=[AttnDownBlock2D]' --set 'model.config.up_block_types=[AttnUpBlock2D]' --set data.image_size=4
  --set data.limit=64 --set training.dtype=f32 --set training.batch_size=8 --set samples.count=0)

# red is this namespace, blue another; each finds the other by its name.
unshare --net sleep infinity &
blue_net=$!
until [ "$(readlink /proc/$blue_net/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
cp /etc/hosts "$work/hosts"
printf '10.71.0.1 red\n10.71.0.2 blue\n' >>"$work/hosts"
mount --bind "$work/hosts" /etc/hosts
on_blue() { nsenter --net="/proc/$blue_net/ns/net" "$@"; }
ip link add cable type veth peer name cable netns "$blue_net"
ip address add 10.71.0.1/24 dev cable
on_blue ip address add 10.71.0.2/24 dev cable
for side in "" on_blue; do
  $side ip link set lo up
  $side ip link set cable up
done

mkdir -p "$work/red" "$work/blue"
fail() { echo "two_machines: $1" >&2 && tail -n 3 "$work"/*/said.txt >&2 && exit 1; }

# begin WORDS…: diffuse train WORDS… on both, in a folder of each one's own, where said.txt has what it prints.
port=29500
begin() {
  port=$((port + 1))
  local place=(env WORLD_SIZE=2 MASTER_ADDR=red MASTER_PORT=$port)
  (cd "$work/red" && exec "${place[@]}" RANK=0 "$home/diffuse" train "$@" >said.txt 2>&1) &
  red=$!
  (cd "$work/blue" && exec nsenter --net="/proc/$blue_net/ns/net" "${place[@]}" RANK=1 "$home/diffuse" train "$@" >said.txt 2>&1) &
  blue=$!
}
# finish CODE: both end with it.
finish() {
  local code=0
  wait $red || code=$?
  [ $code = "$1" ] || fail "red ended with exit code $code, not $1"
  code=0
  wait $blue || code=$?
  [ $code = "$1" ] || fail "blue ended with exit code $code, not $1"
}
# await FILE: until it is there.
await() {
  for ((i = 0; i < 600; i++)); do
    [ ! -e "$1" ] || return 0
    sleep 0.1
  done
  fail "$1 did not come in a minute"
}
same() {
  for file in model optimizer; do
    cmp "$work/$1/checkpoints/step-00000020/$file.safetensors" "$work/one/checkpoints/step-00000020/$file.safetensors" || fail "$1: other weights"
  done
}

(cd "$work" && "$home/diffuse" launch --nproc 2 -- train quickstart --out one "${run[@]}" --set training.max_steps=20 >one.txt 2>&1) || fail "diffuse launch failed"

echo "== trained on both"
begin quickstart --out run "${run[@]}" --set training.max_steps=20
finish 0
same red/run
[ ! -e "$work/blue/run" ] || fail "blue has written something"
echo "the bytes of two processes on one machine; blue has no folder"

echo "== gone on with"
begin quickstart --out parts "${run[@]}" --set training.max_steps=20 --set training.checkpoint_every_steps=8
await "$work/red/parts/checkpoints/step-00000008"
touch "$work/red/parts/stop"
finish 1
stopped="$(ls "$work/red/parts/checkpoints" | tail -n 1)"
begin --resume parts
finish 0
same red/parts
echo "stopped after $stopped, and the same bytes in the end; blue has no folder"

echo "== the cable pulled out"
begin quickstart --out cut "${run[@]}" --set training.max_steps=1000000 --set training.checkpoint_every_steps=5
await "$work/red/cut/checkpoints"
sleep 2
ip link set cable down
begun=$SECONDS
finish 1
for name in red blue; do
  echo "$name: $(grep ^diffuse: "$work/$name/said.txt")"
  [ "$(grep -c ^diffuse: "$work/$name/said.txt")" = 1 ] && ! grep -q '^\sat ' "$work/$name/said.txt" || fail "$name said something else"
done
grep -q '^diffuse: .*process 1 of 2' "$work/red/said.txt" || fail "red does not name process 1"
grep -q '^diffuse: .*process 0 of 2' "$work/blue/said.txt" || fail "blue does not name process 0"
echo "both ended $((SECONDS - begun)) s after it, with DIFFUSION4J_EXCHANGE_SECONDS=$DIFFUSION4J_EXCHANGE_SECONDS"
