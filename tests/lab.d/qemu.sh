# shellcheck shell=bash
# QEMU's arguments for a guest, collected in QEMU_ARGS from the VM_* settings.

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

qemu_topology() {
	local name cpus shape memory number=0
	local -a nodes
	while read -r name cpus shape memory nodes; do
		[[ $name != "$VM_TOPOLOGY" ]] || break
	done < <(topology_table)
	read -ra nodes <<<"${nodes[0]}"
	if [[ $VM_CPUS ]]; then
		cpus=$VM_CPUS shape=sockets=1,cores=$VM_CPUS,threads=1 nodes=("all")
	fi
	QEMU_ARGS+=(-smp "$cpus,$shape" -m "$((${memory%G} * ${#nodes[@]}))G")
	((${#nodes[@]} > 1)) || return 0
	for cpus in "${nodes[@]}"; do
		QEMU_ARGS+=(-object "memory-backend-ram,id=node$number,size=$memory")
		QEMU_ARGS+=(-numa "node,nodeid=$number,cpus=$cpus,memdev=node$number")
		number=$((number + 1))
	done
}

# Counted mode: the guest's time is the number of instructions it executed, whatever else the machine does.
qemu_accelerator() {
	if [[ $VM_COUNTED ]]; then
		QEMU_ARGS+=(-accel "tcg,thread=single" -icount "shift=2,sleep=off" -cpu "max,la57=off")
	elif [[ $VM_ACCEL == kvm ]]; then
		QEMU_ARGS+=(-accel kvm -cpu host)
	else
		QEMU_ARGS+=(-accel "tcg,thread=multi" -cpu "max,la57=off")
	fi
}

# The tree as a disk, the shared folders, and the ports for the kernel's messages and the command's output.
qemu_devices() {
	local run=$1 fsdev=local,security_model=passthrough,multidevs=remap
	QEMU_ARGS+=(
		-drive "file=$TREE_IMAGE,if=none,id=tree,format=raw,readonly=on,cache=unsafe"
		-device "virtio-blk-pci,drive=tree"
		-fsdev "$fsdev,id=ro,path=$run/ro,readonly=on"
		-device "virtio-9p-pci,fsdev=ro,mount_tag=lab-ro"
		-fsdev "$fsdev,id=rw,path=$run/rw"
		-device "virtio-9p-pci,fsdev=rw,mount_tag=lab-rw"
		-device virtio-serial-pci
		-chardev "file,id=output,path=$run/output"
		-device "virtserialport,chardev=output,name=lab.output"
		-chardev "file,id=console,path=$run/console,append=on"
		-serial chardev:console
		-chardev "pipe,id=monitor,path=$run/monitor"
		-monitor chardev:monitor
	)
}

# Started without a boot loader and without the kernel's own decompressor. A panic ends the machine; so does an oops, after
# which a guest rather hangs than fails. The rest saves boot time: clocks taken for good without measuring, nothing audited,
# no security modules (systemd would load BPF programs of its own), grace periods of RCU hurried until the command starts.
qemu_kernel() {
	local run=$1
	local -a words=(console=ttyS0 quiet panic=-1 oops=panic rcupdate.rcu_cpu_stall_timeout=150 sysrq_always_enabled mitigations=off
		tsc=reliable no_timer_check lpj=12000000 audit=0 lsm=capability damon_stat.enabled=0 rcupdate.rcu_expedited=1
		LAB_BOOT="$VM_BOOT")
	# shellcheck disable=SC2054 # the commas are the kernel's
	[[ $VM_BOOT != systemd ]] || words+=(systemd.unit=lab.target systemd.import_credentials=no
		modprobe.blacklist=autofs4,ip_tables,qemu_fw_cfg)
	QEMU_ARGS+=(
		-kernel "$(kernel_folder "$VM_KERNEL")/vmlinux"
		-initrd "$run/initramfs"
		-append "${words[*]} $VM_APPEND"
	)
}

qemu_arguments() {
	local run=$1
	QEMU_ARGS=(-nodefaults -no-user-config -display none -no-reboot -machine q35 -bios qboot.rom)
	qemu_accelerator
	qemu_topology
	qemu_devices "$run"
	qemu_kernel "$run"
}
