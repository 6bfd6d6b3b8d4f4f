# shellcheck shell=bash
# Builds the project in the tree. What is built stays in the cache, apart for every checkout and preset.

BUILD_PRESETS=(release debug)

# A folder for this checkout and preset; its name is readable, and different for two checkouts of one name.
build_folder() {
	printf '%s/build/%s-%s/%s\n' "$LAB_CACHE" "$(basename "$LAB_SOURCE")" \
		"$(sha256sum <<<"$LAB_SOURCE" | cut -c 1-8)" "$1"
}

# Ninja configures again by itself when a CMakeLists.txt changed, but not for the presets.
build_configure() {
	local preset=$1 folder=$2
	[[ ! -e $folder/build.ninja || $LAB_SOURCE/CMakePresets.json -nt $folder/build.ninja ]] || return 0
	say "configuring $preset in $folder"
	tree_run cmake --preset "$preset" -G Ninja -S "$LAB_SOURCE" -B "$folder" >&2
}

# Install into a fresh folder: files that the project no longer installs are gone, and a virtual machine that still runs from
# the old one is not disturbed.
build_stage() {
	local folder=$1
	rm -rf "$folder/stage.new"
	mkdir "$folder/stage.new"
	tree_run env DESTDIR="$folder/stage.new" cmake --install "$folder/build" >"$folder/install.log"
	rm -rf "$folder/stage"
	mv "$folder/stage.new" "$folder/stage"
}

# True when a dry run of ninja says that nothing is to be done and what is staged came from that.
build_is_current() {
	local folder=$1
	[[ -d $folder/stage && $folder/stage -nt $folder/build/build.ninja ]] || return
	tree_run ninja -C "$folder/build" -n | grep -q 'no work to do'
}

# Names of what can be fuzzed.
fuzz_targets() {
	local file name
	for file in "$LAB_SOURCE"/tests/fuzz/fuzz-*.c; do
		name=$(basename "$file" .c)
		printf '%s\n' "${name#fuzz-}"
	done
}

build_preset() {
	local preset=$1 folder
	folder=$(build_folder "$preset")
	mkdir -p "$folder"
	lock "${folder#"$LAB_CACHE"/}"
	build_configure "$preset" "$folder/build"
	if ! build_is_current "$folder"; then
		tree_run cmake --build "$folder/build" >&2
		build_stage "$folder"
	fi
	unlock "${folder#"$LAB_CACHE"/}"
}

command_build() {
	local preset
	(($#)) || set -- release
	for preset in "$@"; do
		[[ " ${BUILD_PRESETS[*]} " == *" $preset "* ]] || usage_error "build: no preset $preset"
	done
	for preset in "$@"; do
		build_preset "$preset"
		say "$preset is built in $(build_folder "$preset")/build"
	done
}
