#!/bin/sh
# Starts what the host of the container asks for, in place of this shell: signals reach Python.
set -eu
case "${1:-}" in
    serve) exec python3 -m gpu_worker.sagemaker_host ;;  # SageMaker's one argument
    gpu_worker.*) exec python3 -m awslambdaric "$1" ;;   # a handler, of Lambda
    *) exec "$@" ;;                                      # a command, of Batch
esac
