# shellcheck shell=bash
# Which accelerator the guests get: KVM where it really works, else QEMU's own translation (TCG). That /dev/kvm exists says
# little (a nested one may hang its guests), so a guest is tried once and the verdict kept for this kernel and this QEMU.

# shellcheck disable=SC2034 # used by vm.sh
ACCELERATORS=(kvm tcg)

accel_verdict_file() { printf '%s/accel-%s\n' "$LAB_CACHE" "$(sha256sum <<<"$(uname -r) $TREE" | cut -c 1-12)"; }

# Whether a guest boots under KVM, which has two seconds' work to do. A lab of its own tries it.
accel_try_kvm() {
	[[ -w /dev/kvm ]] || return
	say "trying KVM"
	make_temp
	start_child "$BASH" "$LAB_SCRIPT" vm --accel kvm --no-build --boot minimal --timeout 20 --console "$TEMP/console" \
		-- true 2>"$TEMP/log"
	wait_child "$CHILD"
}

accel_decide() {
	local verdict=$1 accelerator=tcg
	! accel_try_kvm || accelerator=kvm
	rm -f "$LAB_CACHE"/accel-????????????
	echo "$accelerator" >"$TEMP/verdict"
	mv "$TEMP/verdict" "$verdict"
}

# Set VM_ACCEL, unless it was asked for.
accel_up() {
	local verdict
	if [[ ! $VM_ACCEL ]]; then
		verdict=$(accel_verdict_file)
		if [[ ! -e $verdict ]]; then
			lock accel
			[[ -e $verdict ]] || accel_decide "$verdict"
			unlock accel
		fi
		VM_ACCEL=$(<"$verdict")
	fi
}
