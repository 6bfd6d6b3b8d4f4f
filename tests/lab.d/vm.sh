# shellcheck shell=bash
# Virtual machines: a fresh guest for one command, on a kernel with sched_ext, with the project installed.

# Exit statuses of the lab's own for a guest that gave none.
VM_TIMED_OUT=124
VM_DIED=125

# shellcheck disable=SC2034 # some are used by qemu.sh only
vm_defaults() {
	VM_KERNEL=backports VM_TOPOLOGY=smp4 VM_CPUS='' VM_COUNTED='' VM_BOOT=systemd VM_TIMEOUT=600 VM_PRESET=release
	VM_ACCEL='' VM_SHARE='' VM_APPEND='' VM_CONSOLE='' VM_BUILD=1
}

# Sets VM_* and VM_COMMAND from the command line.
vm_options() {
	while (($#)); do
		case $1 in
		--counted) VM_COUNTED=1 ;;
		--no-build) VM_BUILD='' ;;
		--accel | --kernel | --topology | --cpus | --boot | --timeout | --preset | --share | --append | --console)
			(($# > 1)) || usage_error "vm: $1 needs a value"
			local name=${1#--}
			printf -v "VM_${name^^}" %s "$2"
			shift
			;;
		--)
			shift
			break
			;;
		-*) usage_error "vm: unknown option $1" ;;
		*) break ;;
		esac
		shift
	done
	VM_COMMAND=("$@")
}

vm_check_choice() {
	local option=$1 value=$2
	shift 2
	[[ " $* " == *" $value "* ]] || usage_error "vm: --$option $value: not one of $*"
}

vm_check_number() { [[ $2 =~ ^[1-9][0-9]*$ ]] || usage_error "vm: --$1 $2: not a number above 0"; }

vm_check_options() {
	local -a topologies
	mapfile -t topologies < <(topology_names)
	vm_check_choice kernel "$VM_KERNEL" "${KERNEL_NAMES[@]}"
	vm_check_choice topology "$VM_TOPOLOGY" "${topologies[@]}"
	vm_check_choice boot "$VM_BOOT" systemd minimal
	[[ ! $VM_ACCEL ]] || vm_check_choice accel "$VM_ACCEL" "${ACCELERATORS[@]}"
	vm_check_choice preset "$VM_PRESET" "${BUILD_PRESETS[@]}"
	vm_check_number timeout "$VM_TIMEOUT"
	[[ ! $VM_CPUS ]] || vm_check_number cpus "$VM_CPUS"
	[[ ! $VM_SHARE || -d $VM_SHARE ]] || usage_error "vm: --share $VM_SHARE: not a folder"
	((${#VM_COMMAND[@]})) || usage_error "vm: no command"
}

# What the guest's runner needs to know.
vm_control() {
	local control=$1
	mkdir "$control"
	cp "$LAB_PIECES/guest/run-command" "$control/"
	printf '%q ' "${VM_COMMAND[@]}" >"$control/command"
	cat >"$control/environment" <<-END
		LAB_KERNEL=$VM_KERNEL
		LAB_TOPOLOGY=$VM_TOPOLOGY
	END
}

# Units and generators that systemd shall not know, as links to nothing.
vm_mask() {
	local folder=$1 unit generator
	while read -r unit; do
		ln -s /dev/null "$folder/system/$unit"
	done < <(grep -v '^#' "$LAB_PIECES/guest/systemd-off" | grep .)
	mkdir "$folder/system-generators"
	for generator in "$TREE"/usr/lib/systemd/system-generators/*; do
		ln -s /dev/null "$folder/system-generators/$(basename "$generator")"
	done
}

# The guest's first process, compiled once for what its source says.
vm_init_program() {
	local source=$LAB_PIECES/guest/init.c key
	key=$(sha256sum "$source" | cut -c 1-12)
	VM_INIT=$LAB_CACHE/init-$key
	[[ ! -x $VM_INIT ]] || return 0
	tree_run gcc -static -Os -Wall -Wextra -Werror -o "$VM_INIT.$$" "$source"
	mv "$VM_INIT.$$" "$VM_INIT"
}

# The kernel's modules, the first process, and under upper/files what the guest has over everybody else's.
vm_initramfs() {
	local run=$1 root=$1/initramfs.d files=$1/initramfs.d/upper/files
	mkdir -p "$root"/{dev,tree,ro,rw,root,upper/work} "$files"/lab/{src,build,share,control}
	vm_init_program
	cp "$VM_INIT" "$root/init"
	cp -r "$(kernel_folder "$VM_KERNEL")/modules" "$root/modules"
	if [[ $VM_BOOT == systemd ]]; then
		cp -r "$LAB_PIECES/guest/systemd/." "$files/"
		vm_mask "$files/etc/systemd"
	fi
	(cd "$root" && find . | "$TREE/usr/bin/busybox" cpio -o -H newc 2>"$run/cpio.log") >"$run/initramfs" ||
		die "packing the initramfs failed: $(<"$run/cpio.log")"
}

# A snapshot of what is installed, so that a build meanwhile does not pull it away from under the guest.
vm_stage() {
	local stage=$1 from
	from=$(build_folder "$VM_PRESET")/stage
	mkdir "$stage"
	[[ ! -d $from ]] || cp -al "$from/." "$stage/"
}

# The folder that holds all of one machine's files: $run/ro and $run/rw are what it sees.
vm_prepare() {
	local run=$1
	mkdir -p "$run/rw" "$run/share" "$(build_folder "$VM_PRESET")/build"
	: >"$run/console"
	VM_CONSOLE=$(realpath -- "${VM_CONSOLE:-$run/console}")
	: >"$VM_CONSOLE"
	VM_SHARE=$(realpath -- "${VM_SHARE:-$run/share}")
	vm_stage "$run/stage"
	vm_control "$run/rw/control"
	vm_initramfs "$run"
	mkfifo "$run"/{output,monitor.in,monitor.out}
}

# Runs as pid 1 of a namespace: gathers what the guest sees under $run (one share to read and one to write, since each device
# costs boot time) and starts QEMU in the tree. The mounts end with the machine.
vm_machine() {
	local run=$1 share=$2 console=$3 kernel=$4 build=$5 source folder
	shift 5
	local -A readonly_folders=([kernel]=$kernel [stage]=$run/stage [src]=$LAB_SOURCE [build]=$build)
	mkdir -p "$run/ro" "$run/rw/share"
	for folder in "${!readonly_folders[@]}"; do
		source=${readonly_folders[$folder]}
		mkdir "$run/ro/$folder"
		mount --bind "$source" "$run/ro/$folder"
		mount -o remount,bind,ro "$run/ro/$folder"
	done
	mount --bind "$share" "$run/rw/share"
	mount --bind "$console" "$run/console"
	tree_command "$LAB_CACHE/root" qemu-system-x86_64 "$@"
}

# Runs beside the machine: kill it when its time is over, leaving a mark that says so. First the kernel is asked, by the
# keyboard, what its CPUs run and which tasks are blocked: that goes to the console.
vm_deadline() {
	local run=$1 machine=$2 seconds=$3
	pause "$seconds"
	: >"$run/timed-out"
	printf 'sendkey alt-sysrq-%s\n' l w 1<>"$run/monitor.in"
	pause 3
	kill -KILL "$machine"
}

# Start the machine and pass on what its command says until it ends.
vm_run() {
	local run=$1 output machine deadline
	start_child cat "$run/output"
	output=$CHILD
	start_in_namespace vm_machine "$run" "$VM_SHARE" "$VM_CONSOLE" "$(kernel_folder "$VM_KERNEL")/root" \
		"$(build_folder "$VM_PRESET")/build" "${QEMU_ARGS[@]}" >"$run/qemu.log" 2>&1
	machine=$CHILD
	start_function vm_deadline "$run" "$machine" "$VM_TIMEOUT"
	deadline=$CHILD
	# bash says it when a child was killed
	wait_child "$machine" 2>/dev/null || :
	kill_child "$deadline"
	# When QEMU never came to open it, cat still waits for a writer.
	: <>"$run/output"
	wait_child "$output" || :
}

# Keep what tells why a guest gave no exit status.
vm_post_mortem() {
	local run=$1 why=died kept
	((VM_STATUS != VM_TIMED_OUT)) || why="took longer than $VM_TIMEOUT s"
	say "the guest $why; the kernel's last lines:"
	tail -n 40 "$VM_CONSOLE" | tr -d '\r' >&2
	cat "$run/qemu.log" >&2
	if [[ $VM_CONSOLE == "$run/console" ]]; then
		kept=$LAB_CACHE/logs/$(date +%Y%m%d-%H%M%S)-$$.console
		mkdir -p "$LAB_CACHE/logs"
		mv "$VM_CONSOLE" "$kept"
		VM_CONSOLE=$kept
	fi
	say "the whole console: $VM_CONSOLE"
}

# Files that the command left, when nobody said where to put them.
vm_keep_share() {
	local run=$1 kept
	[[ $VM_SHARE == "$run/share" && $(ls -A "$VM_SHARE") ]] || return 0
	kept=$(mktemp -d "$LAB_CACHE/share.XXXXXX")
	mv -T "$VM_SHARE" "$kept"
	say "the guest's files: $kept"
}

# Run VM_COMMAND in a guest whose files are under $run. Its exit status, or the lab's own, is in VM_STATUS.
vm_start() {
	local run=$1
	say "guest: kernel $VM_KERNEL $(kernel_version "$VM_KERNEL"), ${VM_CPUS:-$VM_TOPOLOGY}, $VM_ACCEL${VM_COUNTED:+ counted}, $VM_BOOT"
	vm_prepare "$run"
	qemu_arguments "$run"
	vm_run "$run"
	VM_STATUS=$VM_DIED
	[[ ! -e $run/timed-out ]] || VM_STATUS=$VM_TIMED_OUT
	[[ ! -s $run/rw/control/status ]] || VM_STATUS=$(<"$run/rw/control/status")
}

command_vm() {
	local run
	vm_defaults
	vm_options "$@"
	vm_check_options
	tree_up
	kernel_up "$VM_KERNEL"
	accel_up
	[[ ! $VM_BUILD ]] || build_preset "$VM_PRESET"
	make_temp
	run=$TEMP
	vm_start "$run"
	vm_keep_share "$run"
	[[ -s $run/rw/control/status ]] || vm_post_mortem "$run"
	return "$VM_STATUS"
}
