# shellcheck shell=bash
# Virtual machines: a fresh guest for one command, on a kernel with sched_ext, with the project installed.

# name: CPUs, how they sit together, memory of each NUMA node, CPUs of each node. QEMU gives each socket an L3 cache of its own.
topology_table() {
	cat <<'END'
uni      1   sockets=1,cores=1,threads=1  3G  0
smp4     4   sockets=1,cores=4,threads=1  3G  0-3
numa2x2  8   sockets=4,cores=1,threads=2  2G  0-3 4-7
big16    16  sockets=4,cores=2,threads=2  2G  0-7 8-15
END
}

topology_names() { topology_table | awk '{print $1}'; }

# QEMU's arguments for a topology, in QEMU_ARGS.
qemu_topology() {
	local name=$1 cpus shape memory number=0 total
	local -a nodes
	read -r _ cpus shape memory nodes[0] nodes[1] < <(topology_table | grep "^$name ")
	[[ ${nodes[1]} ]] || unset 'nodes[1]'
	total=$((${memory%G} * ${#nodes[@]}))G
	QEMU_ARGS+=(-smp "$cpus,$shape" -m "$total")
	((${#nodes[@]} > 1)) || return 0
	for cpus in "${nodes[@]}"; do
		QEMU_ARGS+=(-object "memory-backend-ram,id=node$number,size=$memory")
		QEMU_ARGS+=(-numa "node,nodeid=$number,cpus=$cpus,memdev=node$number")
		number=$((number + 1))
	done
}

qemu_accelerator() {
	if [[ $VM_COUNTED ]]; then
		QEMU_ARGS+=(-accel tcg,thread=single -icount shift=2,sleep=off)
	else
		QEMU_ARGS+=(-accel tcg,thread=multi)
	fi
}

# Shared folders and the ports for the kernel's messages and the command's output.
qemu_devices() {
	local run=$1
	QEMU_ARGS+=(
		-fsdev "local,id=ro,path=$run/ro,security_model=passthrough,readonly=on,multidevs=remap"
		-device virtio-9p-pci,fsdev=ro,mount_tag=lab-ro
		-fsdev "local,id=rw,path=$run/rw,security_model=passthrough,multidevs=remap"
		-device virtio-9p-pci,fsdev=rw,mount_tag=lab-rw
		-device virtio-serial-pci
		-chardev "file,id=output,path=$run/output"
		-device virtserialport,chardev=output,name=lab.output
		-chardev "file,id=console,path=$VM_CONSOLE,append=on"
		-serial chardev:console
	)
}

qemu_kernel() {
	local run=$1
	QEMU_ARGS+=(
		-kernel "$(kernel_folder "$VM_KERNEL")/vmlinux"
		-initrd "$run/initramfs"
		-append "console=ttyS0 quiet panic=-1 oops=panic mitigations=off nokaslr random.trust_cpu=on ${VM_BOOT_ARGS[*]} $VM_APPEND"
	)
}

# Gather what the guest sees under $run: one read-only share and one to write to, since each device costs boot time. Runs in a
# namespace, so the mounts end with the machine.
vm_machine() {
	local run=$1 share=$2 stage=$3 build=$4 kernel=$5 folder
	shift 5
	mount_readonly() { mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"; }
	mkdir "$run"/ro/{tree,kernel,stage,src,build} "$run/rw/share"
	mount_readonly "$TREE" "$run/ro/tree"
	mount_readonly "$kernel/root" "$run/ro/kernel"
	mount_readonly "$stage" "$run/ro/stage"
	mount_readonly "$LAB_SOURCE" "$run/ro/src"
	mount_readonly "$build" "$run/ro/build"
	mount --bind "$share" "$run/rw/share"
	tree_command "$LAB_CACHE/root" qemu-system-x86_64 "$@"
}

# What the guest's init and its runner need to know.
vm_control() {
	local control=$1/rw/control
	shift
	mkdir -p "$control"
	cp -r "$LAB_PIECES/guest" "$control/guest"
	{ printf '%q ' "$@" && echo; } >"$control/command"
	cat >"$control/environment" <<-END
		LAB_KERNEL=$VM_KERNEL
		LAB_TOPOLOGY=$VM_TOPOLOGY
		LAB_BOOT=$VM_BOOT
		LAB_INIT=$VM_INIT
	END
}

vm_initramfs() {
	local run=$1 folder
	folder=$(kernel_folder "$VM_KERNEL")/initramfs
	cp -r "$folder" "$run/initramfs.d"
	cp "$LAB_PIECES/guest/init" "$run/initramfs.d/init"
	(cd "$run/initramfs.d" && find . | "$TREE/usr/bin/busybox" cpio -o -H newc 2>/dev/null) >"$run/initramfs"
}

vm_options() {
	VM_KERNEL=backports VM_TOPOLOGY=smp4 VM_CPUS='' VM_COUNTED='' VM_BOOT=systemd VM_TIMEOUT=600 VM_PRESET=release
	VM_SHARE='' VM_APPEND='' VM_CONSOLE='' VM_BUILD=1
	while (($#)); do
		case $1 in
		--counted) VM_COUNTED=1 ;;
		--no-build) VM_BUILD='' ;;
		--kernel | --topology | --cpus | --boot | --timeout | --preset | --share | --append | --console)
			(($# > 1)) || usage_error "vm: $1 needs a value"
			local -n option="VM_$(tr '[:lower:]' '[:upper:]' <<<"${1#--}")"
			option=$2
			unset -n option
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

command_vm() {
	local run status=0 stage build console
	vm_options "$@"
	tree_up
	kernel_up "$VM_KERNEL"
	VM_INIT=/lab/init VM_BOOT_ARGS=()
	if [[ $VM_BOOT == systemd ]]; then
		VM_INIT=/lib/systemd/systemd
	fi
	[[ ! $VM_BUILD ]] || build_preset "$VM_PRESET"
	run=$(mktemp -d "$LAB_CACHE/vm.XXXXXX")
	on_exit "rm -rf '$run'"
	mkdir -p "$run"/{ro,rw,stage,build,share}
	VM_CONSOLE=${VM_CONSOLE:-$run/console}
	build=$(build_folder "$VM_PRESET")
	if [[ -d $build/stage ]]; then
		cp -al "$build/stage/." "$run/stage/"
	fi
	build=$build/build
	[[ -d $build ]] || build=$run/build
	vm_control "$run" "${VM_COMMAND[@]}"
	vm_initramfs "$run"
	QEMU_ARGS=(-nodefaults -no-user-config -display none -monitor none -no-reboot -machine q35 -cpu max)
	qemu_accelerator
	qemu_topology "$VM_TOPOLOGY"
	qemu_devices "$run"
	qemu_kernel "$run"
	mkfifo "$run/output"
	start_child cat "$run/output"
	in_namespace vm_machine "$run" "${VM_SHARE:-$run/share}" "$run/stage" "$build" "$(kernel_folder "$VM_KERNEL")" "${QEMU_ARGS[@]}" >&2 || status=$?
	[[ -e $run/rw/control/status ]] || { cat "$VM_CONSOLE" >&2; die "guest died ($status)"; }
	return "$(cat "$run/rw/control/status")"
}
