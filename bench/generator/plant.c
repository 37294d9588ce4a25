/* SPDX-License-Identifier: BSD-3-Clause */
/* Planted faults; see plant.h. */
#include "generator/plant.h"

#include <string.h>

#include "generator/template.h"

/* ---- text surgery, on the octets alone */

static char *find(const struct planted *m, const char *what)
{
	return memmem(m->data, m->len, what, strlen(what));
}

static char *line_end(const struct planted *m, const char *at)
{
	char *end = memchr(at, '\n', m->len - (size_t)(at - m->data));

	return end ? end + 1 : m->data + m->len;
}

static void cut(struct planted *m, char *from, const char *to)
{
	memmove(from, to, (size_t)(m->data + m->len - to));
	m->len -= (uint32_t)(to - from);
}

static enum plant_result insert(struct planted *m, char *at, const char *text, size_t len)
{
	if (m->len + len > m->max)
		return PLANT_UNTOUCHED;
	memmove(at + len, at, (size_t)(m->data + m->len - at));
	memcpy(at, text, len);
	m->len += (uint32_t)len;
	return PLANT_MANGLED;
}

/* ---- the faults */

static enum plant_result lose_to_tag(struct planted *m)
{
	char *to = find(m, "\r\nTo: ");
	char *end = to ? line_end(m, to + 2) - 2 : NULL;
	char *tag = to ? memmem(to, (size_t)(end - to), ";tag=", 5) : NULL;

	if (!tag)
		return PLANT_UNTOUCHED;
	cut(m, tag, end);
	return PLANT_MANGLED;
}

static enum plant_result change_branch(struct planted *m)
{
	char *branch = find(m, "branch=z9hG4bK");

	if (!branch)
		return PLANT_UNTOUCHED;
	branch[14] = branch[14] == '0' ? '1' : '0';
	return PLANT_MANGLED;
}

static enum plant_result double_via(struct planted *m)
{
	char row[512];
	char *via = find(m, "Via: ");
	size_t len = via ? (size_t)(line_end(m, via) - via) : sizeof(row);

	if (len >= sizeof(row))
		return PLANT_UNTOUCHED;
	memcpy(row, via, len);
	return insert(m, via, row, len);
}

static enum plant_result move_target(struct planted *m)
{
	if (m->target_count < 2)
		return PLANT_UNTOUCHED;
	m->target = (uint16_t)((m->target + 1) % m->target_count);
	return PLANT_MANGLED;
}

static enum plant_result drop(struct planted *)
{
	return PLANT_DROPPED;
}

static enum plant_result same_branch(struct planted *m)
{
	char *branch = find(m, "branch=z9hG4bK");
	char *end = branch ? branch + 14 : NULL;

	while (end && end < m->data + m->len && *end != ';' && *end != '\r')
		*end++ = '0';
	return end ? PLANT_MANGLED : PLANT_UNTOUCHED;
}

static enum plant_result keep_via(struct planted *m)
{
	static const char row[] = "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKleft\r\n";
	char *via = find(m, "Via: ");

	return via ? insert(m, via, row, sizeof(row) - 1) : PLANT_UNTOUCHED;
}

static enum plant_result lose_record_route(struct planted *m)
{
	char *row = find(m, "Record-Route: ");

	if (!row)
		return PLANT_UNTOUCHED;
	cut(m, row, line_end(m, row));
	return PLANT_MANGLED;
}

static enum plant_result keep_forwards(struct planted *m)
{
	char *row = find(m, "Max-Forwards: 69");

	if (!row)
		return PLANT_UNTOUCHED;
	memcpy(row, "Max-Forwards: 70", 16);
	return PLANT_MANGLED;
}

static enum plant_result change_body(struct planted *m)
{
	char *media = find(m, "m=audio 4");

	if (!media)
		return PLANT_UNTOUCHED;
	media[8] = '5';
	return PLANT_MANGLED;
}

static enum plant_result swap_tags(struct planted *m)
{
	char *tag = find(m, ";tag=t");

	if (!tag)
		return PLANT_UNTOUCHED;
	tag[5] = 'u';
	return PLANT_MANGLED;
}

/* Over octets in the middle of the branch, so that its beginning and end are as they were. */
static enum plant_result soil_branch(struct planted *m, const char *text)
{
	char *branch = find(m, "branch=z9hG4bK");
	const size_t len = strlen(text);

	if (!branch || m->data + m->len - branch < 32)
		return PLANT_UNTOUCHED;
	memcpy(branch + 18, text, len);
	return PLANT_MANGLED;
}

static enum plant_result break_branch(struct planted *m)
{
	return soil_branch(m, "\r\n");
}

static enum plant_result blank_branch(struct planted *m)
{
	return soil_branch(m, " ");
}

static enum plant_result quote_branch(struct planted *m)
{
	return soil_branch(m, "(");
}

/* The first value of a parameter in Record-Route is of nothing else. */
static enum plant_result soil_record_route(struct planted *m)
{
	char *row = find(m, "Record-Route: ");
	char *end = row ? line_end(m, row) : NULL;
	char *value = row ? memchr(row, '=', (size_t)(end - row)) : NULL;

	if (!value)
		return PLANT_UNTOUCHED;
	for (value++; value < end && *value != ';' && *value != '>' && *value != '\r'; value++)
		*value = '\1';
	return PLANT_MANGLED;
}

static enum plant_result add_contact(struct planted *m)
{
	static const char row[] = "Contact: <sip:other@203.0.113.9>\r\n";
	char *contact = find(m, "Contact: ");

	return contact ? insert(m, contact, row, sizeof(row) - 1) : PLANT_UNTOUCHED;
}

static enum plant_result add_encoding(struct planted *m)
{
	static const char row[] = "Content-Encoding: gzip\r\n";
	char *type = find(m, "Content-Type: ");

	return type ? insert(m, type, row, sizeof(row) - 1) : PLANT_UNTOUCHED;
}

#define TARGETS true
#define CALLERS false

const struct plant plants[] = {
	{ "lost-tag", "the To tag of the 200 to INVITE is lost", TRAFFIC_FAULT_LOST_TAG,
	  "SIP/2.0 200", " INVITE", CALLERS, lose_to_tag },
	{ "wrong-branch", "CANCEL goes on with another branch than its INVITE",
	  TRAFFIC_FAULT_WRONG_BRANCH, "CANCEL ", " CANCEL", TARGETS, change_branch },
	{ "doubled-via", "INVITE goes on with the proxy's Via twice", TRAFFIC_FAULT_DOUBLED_VIA,
	  "INVITE ", " INVITE", TARGETS, double_via },
	{ "wrong-target", "BYE goes to another target than INVITE", TRAFFIC_FAULT_WRONG_TARGET,
	  "BYE ", " BYE", TARGETS, move_target },
	{ "dropped-ack", "the ACK to a 2xx is dropped, however often it comes",
	  TRAFFIC_FAULT_DROPPED_ACK, "ACK ", " ACK", TARGETS, drop },
	{ "same-branch", "INVITEs of different calls go on with one branch",
	  TRAFFIC_FAULT_WRONG_BRANCH, "INVITE ", " INVITE", TARGETS, same_branch },
	{ "via-not-popped", "the 200 to BYE keeps a Via of the proxy",
	  TRAFFIC_FAULT_VIA_NOT_POPPED, "SIP/2.0 200", " BYE", CALLERS, keep_via },
	{ "lost-record-route", "a 200 to INVITE lacks a Record-Route that the target echoed",
	  TRAFFIC_FAULT_RECORD_ROUTE, "SIP/2.0 200", " INVITE", CALLERS, lose_record_route },
	{ "max-forwards", "Max-Forwards is not counted down", TRAFFIC_FAULT_MAX_FORWARDS, "BYE ",
	  " BYE", TARGETS, keep_forwards },
	{ "changed-body", "a port of the offer is changed", TRAFFIC_FAULT_BODY_CHANGED, "INVITE ",
	  " INVITE", TARGETS, change_body },
	{ "wrong-tag", "ACK goes on with another To tag", TRAFFIC_FAULT_WRONG_TAG, "ACK ", " ACK",
	  TARGETS, swap_tags },
	{ "branch-octets", "the branch of an ACK has an octet that no token has",
	  TRAFFIC_FAULT_WRONG_BRANCH, "ACK ", " ACK", TARGETS, quote_branch },
	{ "branch-blank", "the branch of a BYE has a blank in it", TRAFFIC_FAULT_MALFORMED,
	  "BYE ", " BYE", TARGETS, blank_branch },
	{ "branch-line-end", "the branch of a BYE has a line end in it", TRAFFIC_FAULT_MALFORMED,
	  "BYE ", " BYE", TARGETS, break_branch },
	{ "record-route-octets", "Record-Route of an INVITE has control characters",
	  TRAFFIC_FAULT_MALFORMED, "INVITE ", " INVITE", TARGETS, soil_record_route },
	{ "second-contact", "a 200 to INVITE has another Contact in front",
	  TRAFFIC_FAULT_HEADER_CHANGED, "SIP/2.0 200", " INVITE", CALLERS, add_contact },
	{ "content-encoding", "an INVITE goes on with a Content-Encoding of the proxy's",
	  TRAFFIC_FAULT_HEADER_CHANGED, "INVITE ", " INVITE", TARGETS, add_encoding },
};
const uint32_t plant_count = ARRAY_SIZE(plants);

const struct plant *plant_find(const char *name)
{
	for (uint32_t i = 0; i < plant_count; i++) {
		if (strcmp(plants[i].name, name) == 0)
			return &plants[i];
	}
	return NULL;
}

/* One call in 64, and all copies of its messages: by the last digits of its number. */
static bool is_chosen(const struct planted *m)
{
	const char *id = find(m, CALL_ID_NAME);
	const size_t last = sizeof(CALL_ID_NAME) - 1 + NUMBER_DIGITS - 2;

	return id && id[last] >= '0' && id[last] <= '3' && id[last + 1] == '7';
}

enum plant_result plant_apply(const struct plant *plant, struct planted *m)
{
	if (m->to_target != plant->to_target || m->len < strlen(plant->start) ||
	    memcmp(m->data, plant->start, strlen(plant->start)) != 0)
		return PLANT_UNTOUCHED;
	const char *cseq = find(m, "\r\nCSeq: ");
	if (!cseq)
		return PLANT_UNTOUCHED;
	const char *end = line_end(m, cseq + 2) - 2;
	const size_t len = strlen(plant->cseq);
	if ((size_t)(end - cseq) < len || memcmp(end - len, plant->cseq, len) != 0 ||
	    !is_chosen(m))
		return PLANT_UNTOUCHED;
	return plant->apply(m);
}
