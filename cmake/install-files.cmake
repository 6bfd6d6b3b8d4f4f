# Data files, each installed where its reader looks for it.

# A build tool writes the table of tunables into the manual pages.
find_program(MANDOC mandoc)
add_executable(generate-man daemon/man/generate.c)
target_link_libraries(generate-man PRIVATE wd40d-core)
add_executable(generate-bus-man dbus/man/generate.c)
target_link_libraries(generate-bus-man PRIVATE wd40d-core)
foreach(page daemon/wd40d.8 config/wd40d.ini.5 dbus/org.scx.Wd40.5)
	cmake_path(GET page FILENAME name)
	set(generator generate-man)
	if(page MATCHES "^dbus/")
		set(generator generate-bus-man)
	endif()
	add_custom_command(OUTPUT ${name}
		COMMAND ${generator} ${CMAKE_SOURCE_DIR}/${page}.in ${name}
		DEPENDS ${generator} ${page}.in VERBATIM)
	add_custom_target(man-${name} ALL DEPENDS ${name})
	string(REGEX MATCH "[0-9]$" section ${name})
	if(MANDOC)
		add_test(NAME check-man-${name} COMMAND ${MANDOC} -Tlint -W warning ${name})
		set_tests_properties(check-man-${name} PROPERTIES LABELS check)
	endif()
	install(FILES ${CMAKE_BINARY_DIR}/${name} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# Those that are written by hand.
foreach(page ctl/wd40ctl.1)
	cmake_path(GET page FILENAME name)
	string(REGEX MATCH "[0-9]$" section ${name})
	if(MANDOC)
		add_test(NAME check-man-${name} COMMAND ${MANDOC} -Tlint -W warning ${CMAKE_SOURCE_DIR}/${page})
		set_tests_properties(check-man-${name} PROPERTIES LABELS check)
	endif()
	install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# In lib and not in etc: what an administrator writes is never replaced.
install(FILES config/wd40d.ini DESTINATION lib/wd40d)
install(FILES daemon/wd40d.bash-completion
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME wd40d)
install(FILES ctl/wd40ctl.bash-completion
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME wd40ctl)
install(FILES ctl/_wd40ctl DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

# The bus and the service manager. The unit's folder is systemd's, not the architecture's.
install(FILES dbus/org.scx.Wd40.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/interfaces)
install(FILES dbus/org.scx.Wd40.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)
install(FILES dbus/org.scx.Wd40.policy DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/actions)
configure_file(systemd/wd40d.service.in wd40d.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/wd40d.service DESTINATION lib/systemd/system)
install(FILES systemd/50-wd40d.preset DESTINATION lib/systemd/system-preset)
