#!/bin/bash
# Scores a manifest as a SLURM array without any server: each task scores its part of the cases, the last step merges them.
#
#   sbatch --array=1-16 deploy/slurm/score-array.sh cases.csv /shared/results --scores probability --classes tumour=1
#
# The arguments behind the output folder go to `voxtally score`. Name the kind of scores: `auto` decides in each part by itself.
# A task that was killed or requeued goes on where it stopped. Then, once all have ended (or with --dependency=afterany:JOBID):
#
#   voxtally merge /shared/results/part-*/ --out /shared/results/all
#
#SBATCH --job-name=voxtally
#SBATCH --cpus-per-task=8
#SBATCH --mem=10G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
set -euo pipefail

if [ "$#" -lt 2 ]; then
  echo "usage: sbatch --array=1-N $0 MANIFEST OUT_FOLDER [options of voxtally score]" >&2
  exit 2
fi
manifest=$1
results=$2
shift 2

# Where the array starts and how many parts there are: any --array=A-B works.
first=${SLURM_ARRAY_TASK_MIN:?start this with sbatch --array=1-N}
parts=$((SLURM_ARRAY_TASK_MAX - first + 1))
part=$((SLURM_ARRAY_TASK_ID - first + 1))
out=$(printf '%s/part-%05d' "$results" "$part")
mkdir -p "$results"

resume=()
[ -e "$out/work/settings.json" ] && resume=(--resume)

# exec: SLURM's signal reaches the program, which stops at the next tile and can be resumed.
exec ${VOXTALLY:-voxtally} score --manifest "$manifest" --shard "$part/$parts" --out "$out" \
  --threads "${SLURM_CPUS_PER_TASK:-8}" --memory 8GiB --keep-shards always --quiet "${resume[@]}" "$@"
