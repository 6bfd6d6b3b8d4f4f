# Data files, each installed where its reader looks for it.

# A build tool writes the table of tunables into the manual pages.
find_program(MANDOC mandoc)
add_executable(generate-man daemon/man/generate.c)
target_link_libraries(generate-man PRIVATE wd40d-core)
foreach(page daemon/wd40d.8 config/wd40d.ini.5)
	cmake_path(GET page FILENAME name)
	add_custom_command(OUTPUT ${name}
		COMMAND generate-man ${CMAKE_SOURCE_DIR}/${page}.in ${name}
		DEPENDS generate-man ${page}.in VERBATIM)
	add_custom_target(man-${name} ALL DEPENDS ${name})
	string(REGEX MATCH "[0-9]$" section ${name})
	if(MANDOC)
		add_test(NAME check-man-${name} COMMAND ${MANDOC} -Tlint -W warning ${name})
		set_tests_properties(check-man-${name} PROPERTIES LABELS check)
	endif()
	install(FILES ${CMAKE_BINARY_DIR}/${name} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# In lib and not in etc: what an administrator writes is never replaced.
install(FILES config/wd40d.ini DESTINATION lib/wd40d)
install(FILES daemon/wd40d.bash-completion
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME wd40d)
