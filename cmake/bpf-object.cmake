# Building of BPF objects.
find_program(BPF_CLANG NAMES clang-21 clang-20 clang-19 clang REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)
execute_process(COMMAND ${BPFTOOL} version
	OUTPUT_VARIABLE BPFTOOL_VERSION ERROR_QUIET)
if(NOT BPFTOOL_VERSION MATCHES "v([0-9.]+)" OR CMAKE_MATCH_1 VERSION_LESS 7.8)
	message(FATAL_ERROR "${BPFTOOL} is too old to link the BPF objects: 7.8 is needed, "
		"which Debian 13 has in trixie-backports")
endif()
if(NOT MULTIARCH) # clang does not know it
	execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch
	OUTPUT_VARIABLE MULTIARCH OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
string(REGEX REPLACE "^x86_64$" "x86" BPF_ARCH ${CMAKE_SYSTEM_PROCESSOR})
string(REGEX REPLACE "^aarch64$" "arm64" BPF_ARCH ${BPF_ARCH})

set(WD40_BPF_FLAGS -g -O2 -target bpf -mcpu=v4 -D__TARGET_ARCH_${BPF_ARCH}
	-I${CMAKE_SOURCE_DIR} -isystem /usr/include/${MULTIARCH}
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-declarations)

# wd40_bpf_object(NAME SOURCE...): links the sources' objects into NAME.bpf.o.
function(wd40_bpf_object name)
	set(objects)
	foreach(source ${ARGN})
		cmake_path(GET source FILENAME file)
		string(REPLACE ".bpf.c" ".part.o" object ${file})
		set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}-${object})
		add_custom_command(OUTPUT ${object}
			COMMAND ${BPF_CLANG} ${WD40_BPF_FLAGS} -MD -MF ${object}.d -c ${source} -o ${object}
			DEPENDS ${source} DEPFILE ${object}.d
			COMMENT "BPF ${file}" VERBATIM)
		list(APPEND objects ${object})
	endforeach()
	set(linked ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
	add_custom_command(OUTPUT ${linked}
		COMMAND ${BPFTOOL} gen object ${linked} ${objects}
		DEPENDS ${objects} COMMENT "BPF link ${name}" VERBATIM)
	set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
	add_custom_command(OUTPUT ${skeleton}
		COMMAND ${BPFTOOL} gen skeleton ${linked} name ${name}_bpf > ${skeleton}
		DEPENDS ${linked} COMMENT "BPF skeleton ${name}" VERBATIM)
	add_custom_target(${name}-skeleton-file DEPENDS ${skeleton})
	add_library(${name}-skeleton INTERFACE)
	add_dependencies(${name}-skeleton ${name}-skeleton-file)
	target_include_directories(${name}-skeleton SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
