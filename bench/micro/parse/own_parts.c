/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of Tandem's parser; see own_parts.h. */
#include "own_parts.h"

#include "sip/index.h"
#include "sip/message.h"

unsigned int own_message(const char *bytes, size_t len)
{
	static struct sip_message msg;

	return sip_message_parse(&msg, bytes, (uint32_t)len) + msg.header_count;
}

unsigned int own_index(const char *bytes, size_t len)
{
	static struct sip_index index;

	sip_index_ops->build(&index, bytes, (uint32_t)len);
	return index.count;
}

unsigned int own_call_id(const char *bytes, size_t len)
{
	struct span call_id;

	return sip_message_peek_call_id(bytes, (uint32_t)len, &call_id) ? (unsigned int)call_id.len
									: 0;
}
