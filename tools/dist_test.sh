#!/usr/bin/env bash
# Usage: tools/dist_test.sh CONFIG GPUS [arguments of tools/test.py ...]
set -euo pipefail
CONFIG=$1
GPUS=$2
torchrun --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    --nproc_per_node="$GPUS" "$(dirname "$0")/test.py" "$CONFIG" "${@:3}" --launcher pytorch
