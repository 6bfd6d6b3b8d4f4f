/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files in memory, for targets whose inputs are files: util/file.h reads and replaces them instead of
 * those on disk, with the calls of the kernel left out, which cost more than the parser. What is read
 * ends where its memory ends, so that a read behind it is found.
 *
 * A target gets this by wd40d_fuzz_memory_files in CMakeLists.txt.
 */
#pragma once

#include <stddef.h>

#define MEMORY_FILES_MAX 64u

struct memory_file;

/* Below this folder are files in memory only, and those that were not added are not there. */
void memory_files_below(const char *root);

/* Adds an empty file; path begins with the root, and is copied. It stays for good. */
struct memory_file *memory_file_add(const char *path);

/* How often files were read, or looked for in vain, so far. */
unsigned long memory_files_nr_reads(void);

/* What the file holds from now on: a copy of size bytes. */
void memory_file_write(struct memory_file *f, const void *data, size_t size);
