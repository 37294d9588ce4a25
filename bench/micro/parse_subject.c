/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser on one INVITE; see parse_subject.h. */
#include "parse_subject.h"

#include "sample.h"
#include "sip/index.h"
#include "sip/message.h"

#define COPIES 8

static const char invite[] = SAMPLE_INVITE;
static char copies[COPIES][2048];
static unsigned int turn;

size_t parse_subject_size(void)
{
	return sizeof(invite) - 1;
}

const char *parse_subject_use(int index_kind)
{
	/* Each copy at another alignment, as datagrams behind varying headers are. */
	for (unsigned int i = 0; i < COPIES; i++)
		memcpy(copies[i] + 42 + 8 * i, invite, sizeof(invite));
	if (!sip_index_use((enum sip_index_kind)index_kind))
		return NULL;
	return sip_index_ops->name;
}

static const char *next_copy(void)
{
	unsigned int i = turn++ % COPIES;

	return copies[i] + 42 + 8 * i;
}

unsigned int parse_subject_parse(void)
{
	static struct sip_message msg;

	return sip_message_parse(&msg, next_copy(), sizeof(invite) - 1) + msg.header_count;
}

unsigned int parse_subject_index(void)
{
	static struct sip_index index;

	sip_index_ops->build(&index, next_copy(), sizeof(invite) - 1);
	return index.count;
}

unsigned int parse_subject_peek(void)
{
	struct span call_id;

	return sip_message_peek_call_id(next_copy(), sizeof(invite) - 1, &call_id) ?
		       (unsigned int)call_id.len : 0;
}
