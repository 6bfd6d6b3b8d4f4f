# The native kernel: BPF sources compiled for the machine that builds, on which tests and the simulator
# run them. tests/native comes before the root on the include path, so its bpf/kernel.bpf.h is found.
file(GLOB WD40_NATIVE_KERNEL CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)

# wd40d_native_scheduler(NAME SOURCE): the modules, a scheduler made of them and the kernel they run on.
function(wd40d_native_scheduler name source)
	set(sources ${source} ${WD40_BPF_MODULES})
	add_library(${name} STATIC ${sources} ${WD40_NATIVE_KERNEL})
	target_include_directories(${name} BEFORE PUBLIC ${CMAKE_SOURCE_DIR}/tests/native)
	target_link_libraries(${name} PUBLIC wd40d-core)
	# callbacks and functions of one module have no prototypes, as for BPF
	set_source_files_properties(${sources} TARGET_DIRECTORY ${name} PROPERTIES
		COMPILE_OPTIONS "-Wno-missing-prototypes;-Wno-strict-prototypes")
endfunction()
