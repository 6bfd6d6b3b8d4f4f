#!/usr/bin/env bash
# tests/lab demo [VM-OPTION...]: everything from nothing to a scheduler that is tuned while it runs, in the sight of the
# reader. What happens in the guest is tests/vm/demo. Status 0 only when each step was checked and good. Options are those of
# "tests/lab vm", such as --kernel sid or --topology big16.
set -euo pipefail
lab=${LAB_SCRIPT:?run it by tests/lab demo}

heading() { printf '\n=== %s (%s s) ===\n' "$*" "$SECONDS"; }

# step COMMAND...: shows the command as one would type it, and runs it.
step() {
	printf '$ tests/lab %s\n' "$*"
	"$lab" "$@" 2>&1
}

heading "Preparing: a Debian tree, QEMU, kernels; made once and kept"
step up

heading "Building"
step build

heading "Booting a guest, with the project installed"
status=0
step vm --no-build --topology numa2x2 "$@" -- /lab/src/tests/vm/demo || status=$?

heading "The end"
if ((status == 0)); then
	echo "All of it worked. The same with your own commands: tests/lab vm -- COMMAND"
else
	echo "The demo FAILED with status $status."
fi
exit "$status"
