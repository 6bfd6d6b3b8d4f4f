# shellcheck shell=bash
# The kernels of the virtual machines: Debian's own packages, unpacked and not installed, and an initramfs for each.
# Debian's stable kernel has sched_ext switched off, so they come from other suites. A mirror keeps only the newest of each
# suite: what that is gets looked up when the cache is made and stays until "up --refresh".

# name -> suite
declare -A KERNEL_SUITES=([backports]="$TREE_SUITE-backports" [sid]=sid)
KERNEL_NAMES=(backports sid)

# What the initramfs loads before it can see the shared folders; their dependencies are found.
KERNEL_BOOT_MODULES=(virtio_pci virtio_console 9pnet_virtio 9p overlay)

kernel_folder() { printf '%s/kernel-%s\n' "$LAB_CACHE" "$1"; }
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

kernel_make() {
	local name=$1 folder=$2 state version
	state=$(mktemp -d "$LAB_CACHE/scratch.XXXXXX")
	on_exit "rm -rf '$state'"
	on_exit "rm -rf '$folder'"
	rm -rf "$folder"
	mkdir -p "$folder/root"
	say "fetching the newest kernel of ${KERNEL_SUITES[$name]}"
	kernel_apt_setup "$state" "${KERNEL_SUITES[$name]}"
	kernel_download "$state" "$folder/root"
	rm -rf "$folder/root/usr/share"
	version=$(ls "$folder/root/usr/lib/modules")
	ln -s usr/lib "$folder/root/lib"
	depmod --basedir "$folder/root" "$version"
	kernel_boot_modules "$folder" "$version"
	# In the guest the tree has this link already.
	rm "$folder/root/lib"
	kernel_unpack "$folder/root/usr/lib/modules/$version/vmlinuz" "$folder/vmlinux"
	printf '%s\n' "$version" >"$folder/version"
	rm -rf "$state"
}

# Make sure that the named kernel is there; with "refresh" fetch it anew.
kernel_up() {
	local name=$1 refresh=${2-} folder making
	folder=$(kernel_folder "$name")
	[[ ! -d $folder || $refresh ]] || return 0
	lock "kernel-$name" making
	if [[ ! -d $folder || $refresh ]]; then
		need_tool zstd zstd
		need_tool depmod kmod
		kernel_make "$name" "$folder.new"
		rm -rf "$folder"
		mv "$folder.new" "$folder"
		say "kernel $name is $(kernel_version "$name")"
	fi
	unlock making
}

command_kernels() {
	local name
	tree_up
	for name in "${KERNEL_NAMES[@]}"; do
		kernel_up "$name"
		printf '%s\t%s\n' "$name" "$(kernel_version "$name")"
	done
}
