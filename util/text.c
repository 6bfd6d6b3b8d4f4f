/* SPDX-License-Identifier: GPL-2.0-only */
#include "util/text.h"

#include <stdint.h>
#include <string.h>

#include "util/macro.h"

/* Bytes of a character by its first one; 0 when none begins like that. */
static size_t length_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc0 || first >= 0xf8)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Reads a character. Returns its length in bytes, or 0 when it is not valid. */
static size_t decode(const char *at, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = length_of((unsigned char)*at);

	if (!length)
		return 0;
	*ret = (unsigned char)*at & (length == 1 ? 0x7f : 0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*ret = *ret << 6 | (at[i] & 0x3f);
	}
	if (*ret < least[length] || *ret > 0x10ffff || (*ret >= 0xd800 && *ret < 0xe000))
		return 0;
	return length;
}

/* What is no text, and what a line of text could use to look like another: breaks, directions, nothing. */
static bool is_control(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} controls[] = {
		{ 0, 0x1f },        { 0x7f, 0x9f },     { 0xad, 0xad },
		{ 0x61c, 0x61c },   { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (character >= controls[i].first && character <= controls[i].last)
			return true;
	return false;
}

void text_copy_printable(char *to, size_t size, const char *from)
{
	const char *end = to + size - 1;

	while (*from) {
		uint32_t character = 0;
		size_t length = decode(from, &character);
		bool shown = length && !is_control(character);
		size_t needed = shown ? length : 1;

		if (needed > (size_t)(end - to))
			break;
		if (shown)
			memmove(to, from, length);
		else
			*to = '?';
		to += needed;
		from += length ?: 1;
	}
	*to = '\0';
}

bool text_is_utf8(const char *text)
{
	uint32_t character;

	while (*text) {
		size_t length = decode(text, &character);

		if (!length)
			return false;
		text += length;
	}
	return true;
}
