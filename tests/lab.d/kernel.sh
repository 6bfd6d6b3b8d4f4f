# shellcheck shell=bash
# The kernels of the virtual machines: Debian's own packages, unpacked and not installed, and an initramfs for each.
# Debian's stable kernel has sched_ext switched off, so they come from other suites. A mirror keeps only the newest of each
# suite: what that is gets looked up when the cache is made and stays until "up --refresh".

# name -> suite
declare -A KERNEL_SUITES=([backports]="$TREE_SUITE-backports" [sid]=sid)
KERNEL_NAMES=(backports sid)

# What the initramfs loads before it can see the shared folders; their dependencies are found.
KERNEL_BOOT_MODULES=(virtio_pci virtio_blk virtio_console 9pnet_virtio 9p erofs overlay)

# The folder's name says what the recipe was: another one makes another folder.
kernel_folder() {
	printf '%s/kernel-%s-%s\n' "$LAB_CACHE" "$1" \
		"$({ declare -p KERNEL_BOOT_MODULES && declare -f kernel_make kernel_packages kernel_boot_modules kernel_unpack; } |
			sha256sum | cut -c 1-12)"
}

kernel_version() { cat "$(kernel_folder "$1")/version"; }

# apt with a state of its own under $1, so that the machine's package lists stay as they are.
kernel_apt() {
	local state=$1 tool=$2
	shift 2
	APT_CONFIG=$state/apt.conf "$tool" "$@"
}

kernel_apt_setup() {
	local state=$1 suite=$2
	mkdir -p "$state"/{lists/partial,cache/archives/partial,empty}
	: >"$state/status"
	debian_sources "$suite" >"$state/sources.list"
	cat >"$state/apt.conf" <<-END
		Dir::State "$state";
		Dir::State::lists "$state/lists";
		Dir::State::status "$state/status";
		Dir::Cache "$state/cache";
		Dir::Etc::sourcelist "$state/sources.list";
		Dir::Etc::sourceparts "$state/empty";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "$state/empty";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
	END
	kernel_apt "$state" apt-get -q=2 update >&2
}

# The packages that make up the suite's newest kernel: vmlinuz, modules and their common part.
kernel_packages() {
	kernel_apt "$1" apt-cache --recurse --no-recommends --no-suggests --no-breaks --no-conflicts --no-replaces \
		depends linux-image-amd64 | grep -E '^linux-(base|binary|image|modules)-[0-9]' | sort -u
}

kernel_download() {
	local state=$1 folder=$2 deb
	local -a packages
	mapfile -t packages < <(kernel_packages "$state")
	((${#packages[@]})) || die "no kernel found in the suite"
	(cd "$folder" && kernel_apt "$state" apt-get -q=2 download "${packages[@]}" >&2)
	for deb in "$folder"/*.deb; do
		dpkg-deb --extract "$deb" "$folder"
		rm "$deb"
	done
}

# The kernel without its own decompressor: started directly it saves seconds under emulation. The payload's place is in the
# boot header (Documentation/arch/x86/boot.rst); behind its end stands its size, which zstd takes for garbage.
kernel_unpack() {
	local vmlinuz=$1 vmlinux=$2 setup_sectors offset length
	setup_sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$vmlinuz")
	offset=$(od -An -tu4 -j $((0x248)) -N 4 "$vmlinuz")
	length=$(od -An -tu4 -j $((0x24c)) -N 4 "$vmlinuz")
	dd if="$vmlinuz" bs=1M iflag=skip_bytes,count_bytes status=none \
		skip=$(((setup_sectors + 1) * 512 + offset)) count=$((length - 4)) |
		zstd --decompress --quiet --stdout >"$vmlinux"
}

# The boot modules unpacked, numbered in the order to load them in.
kernel_boot_modules() {
	local folder=$1 version=$2 module number=10
	mkdir "$folder/modules"
	while read -r module; do
		xz --decompress --stdout "$module" >"$folder/modules/$number-$(basename "$module" .xz)"
		number=$((number + 1))
	done < <(modprobe --dirname "$folder/root" --set-version "$version" --show-depends --all \
		"${KERNEL_BOOT_MODULES[@]}" | awk '$1 == "insmod" && !seen[$2]++ {print $2}')
}

# Runs as pid 1 of a namespace.
kernel_make() {
	local name=$1 folder=$2 state=$3 version
	mkdir -p "$folder/root"
	kernel_apt_setup "$state" "${KERNEL_SUITES[$name]}"
	kernel_download "$state" "$folder/root"
	rm -rf "$folder/root/usr/share"
	version=$(ls "$folder/root/usr/lib/modules")
	# depmod and modprobe want this link; in the guest the tree has it.
	ln -s usr/lib "$folder/root/lib"
	depmod --basedir "$folder/root" "$version"
	kernel_boot_modules "$folder" "$version"
	rm "$folder/root/lib"
	kernel_unpack "$folder/root/usr/lib/modules/$version/vmlinuz" "$folder/vmlinux"
	printf '%s\n' "$version" >"$folder/version"
}

# Fetch the kernel anew and put it in its place, when no guest uses the old one any more.
kernel_replace() {
	local name=$1 folder
	folder=$(kernel_folder "$name")
	need_tool zstd zstd
	need_tool depmod kmod
	make_temp
	in_namespace_patiently "fetching the newest kernel of ${KERNEL_SUITES[$name]}" \
		kernel_make "$name" "$TEMP/kernel" "$TEMP/state" || die "fetching kernel $name failed"
	lock "$(basename "$folder")"
	rm -rf "$folder"
	mv "$TEMP/kernel" "$folder"
	unlock "$(basename "$folder")"
	say "kernel $name is $(kernel_version "$name")"
}

# Make sure that the named kernel is there.
kernel_up() {
	local name=$1 folder
	folder=$(kernel_folder "$name")
	if [[ ! -d $folder ]]; then
		lock "kernel-$name"
		[[ -d $folder ]] || kernel_replace "$name"
		unlock "kernel-$name"
	fi
	hold "$(basename "$folder")"
	remove_others "kernel-$name" "$folder"
}

command_kernels() {
	local name
	(($# == 0)) || usage_error "kernels: unknown argument $1"
	for name in "${KERNEL_NAMES[@]}"; do
		kernel_up "$name"
		printf '%s\t%s\n' "$name" "$(kernel_version "$name")"
	done
}
