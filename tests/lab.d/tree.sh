# shellcheck shell=bash
# The Debian 13 tree: everything is built in it and the virtual machines run from it.

TREE_SUITE=trixie

# The machine's own mirror of Debian main; the project names no host.
debian_mirror() {
	local uri
	# shellcheck disable=SC2016 # apt expands these
	uri=${WD40D_LAB_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1)}
	[[ $uri ]] || die "apt on this machine has no Debian mirror; set WD40D_LAB_MIRROR"
	printf '%s\n' "$uri"
}

debian_sources() {
	local mirror suite
	mirror=$(debian_mirror)
	for suite in "$@"; do
		printf 'deb %s %s main\n' "$mirror" "$suite"
	done
}

# The machine's proxy, certificate and trust settings, as apt.conf lines.
apt_settings() {
	apt-config dump --no-empty | grep -E '^Acquire::(https?::|Retries|Check-|Allow.*Repositories)' || :
}

tree_packages() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$LAB_PIECES/packages"; }

# Names what goes into the tree: another list or another recipe is another tree.
tree_key() {
	{
		tree_packages
		declare -f tree_bootstrap tree_preferences
	} | sha256sum | cut -c 1-12
}

# A package asked for from a suite has to bring its own dependencies from there too (QEMU's data files).
tree_preferences() {
	printf 'Package: src:qemu src:seabios src:linux bpftool\nPin: release n=%s-backports\nPin-Priority: 900\n' "$TREE_SUITE"
}

# Runs as pid 1 of a namespace. Translations and documents are left out; man pages of our own are linted from source.
tree_bootstrap() {
	local made=$1 scratch=$2
	tree_preferences >"$scratch/preferences"
	apt_settings >"$scratch/apt.conf"
	# shellcheck disable=SC2016 # mmdebstrap's shell expands these
	mmdebstrap --mode=root --variant=minbase --format=directory \
		--include="$(tree_packages | paste -sd ,)" \
		--aptopt="$scratch/apt.conf" \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--setup-hook='mkdir -p "$1"/etc/apt/preferences.d' \
		--setup-hook="copy-in $scratch/preferences /etc/apt/preferences.d" \
		--customize-hook='echo wd40d-lab >"$1"/etc/hostname' \
		--customize-hook='chroot "$1" passwd --delete root' \
		--customize-hook='chroot "$1" systemctl --quiet disable dbus-broker.service' \
		--customize-hook='chroot "$1" systemctl --quiet --global disable dbus-broker.service' \
		--customize-hook='rm -f "$1"/etc/machine-id && touch "$1"/etc/machine-id' \
		"$TREE_SUITE" "$made/root" - < <(debian_sources "$TREE_SUITE" "$TREE_SUITE-updates" "$TREE_SUITE-backports")
	mkfs.erofs --quiet "$made/image" "$made/root"
}

tree_make() {
	local folder=$1
	need_tool mmdebstrap mmdebstrap
	need_tool mkfs.erofs erofs-utils
	make_temp
	mkdir "$TEMP/made"
	in_namespace_patiently "making the Debian tree (once, some minutes)" tree_bootstrap "$TEMP/made" "$TEMP" ||
		die "making the Debian tree failed"
	mv "$TEMP/made" "$folder"
}

# The same as a disk for guests, which read it much quicker than a shared folder.
TREE_IMAGE=''

# Make sure that the tree is there, in $TREE and $TREE_IMAGE. Functions that run in a namespace find $TREE in the environment.
tree_up() {
	[[ ! $TREE_IMAGE ]] || return 0
	local name folder
	name=tree-$(tree_key)
	folder=$LAB_CACHE/$name
	if [[ ! -d $folder ]]; then
		lock tree
		[[ -d $folder ]] || tree_make "$folder"
		unlock tree
	fi
	hold "$name"
	remove_others tree "$folder"
	TREE_IMAGE=$folder/image
	export TREE=$folder/root
}

# Mount the tree at $1, writable but forgetting what is written, with the machine's devices, the work tree and the cache.
# Runs inside a namespace.
tree_mount() {
	local root=$1 dir
	mkdir -p "$root"
	mount -t tmpfs -o mode=755 lab "$root"
	mkdir "$root"/{upper,work,root}
	mount -t overlay -o "lowerdir=$TREE,upperdir=$root/upper,workdir=$root/work" lab "$root/root"
	root=$root/root
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=755 run "$root/run"
	for dir in /dev /sys /tmp "$LAB_CACHE" "$LAB_SOURCE"; do
		mkdir -p "$root$dir"
		mount --rbind "$dir" "$root$dir"
	done
	[[ ! -e /etc/resolv.conf ]] || cp -L /etc/resolv.conf "$root/etc/resolv.conf"
}

# Runs as pid 1 of a namespace: CMD in the tree, in the same folder as outside where the tree has it. Not by exec: pid 1
# would not get Ctrl-C.
tree_command() {
	local root=$1 status=0
	shift
	tree_mount "$root"
	[[ -d $root/root$PWD ]] || cd /
	trap : INT
	chroot "$root/root" /usr/bin/env -i -C "$PWD" \
		HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" ${CI+CI="$CI"} \
		"$@" || status=$?
	return "$status"
}

# Run CMD in the tree.
tree_run() {
	tree_up
	in_namespace tree_command "$LAB_CACHE/root" "$@"
}
