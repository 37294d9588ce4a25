/* SPDX-License-Identifier: BSD-3-Clause */
/* See flood_texts.h.  Control thread. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "generator/flood_texts.h"
#include "vector.h"

#define TEXT_MAX 2048u

#define SDP                                                                                        \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 49170 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"

/* $S the source, $P the proxy, as host:port; marks are numbers of the message's own. */
static const struct {
	const char *name, *head, *body;
} kinds[] = {
	{ "invite",
	  "INVITE sip:1000@$P SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP $S;branch=z9hG4bK" FLOOD_MARK ";rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: <sip:flood@$S>;tag=" FLOOD_MARK "\r\n"
	  "To: <sip:1000@$P>\r\n"
	  "Call-ID: " FLOOD_CALL_ID FLOOD_MARK "\r\n"
	  "CSeq: 1 INVITE\r\n"
	  "Contact: <sip:flood@$S>\r\n"
	  "Content-Type: application/sdp\r\n",
	  SDP },
	{ "options",
	  "OPTIONS sip:$P SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP $S;branch=z9hG4bK" FLOOD_MARK ";rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: <sip:flood@$S>;tag=" FLOOD_MARK "\r\n"
	  "To: <sip:$P>\r\n"
	  "Call-ID: " FLOOD_CALL_ID FLOOD_MARK "\r\n"
	  "CSeq: 1 OPTIONS\r\n",
	  "" },
	{ "register",
	  "REGISTER sip:$P SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP $S;branch=z9hG4bK" FLOOD_MARK ";rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: <sip:" FLOOD_MARK "@$P>;tag=" FLOOD_MARK "\r\n"
	  "To: <sip:" FLOOD_MARK "@$P>\r\n"
	  "Call-ID: " FLOOD_CALL_ID FLOOD_MARK "\r\n"
	  "CSeq: 1 REGISTER\r\n"
	  "Contact: <sip:" FLOOD_MARK "@$S>;expires=3600\r\n",
	  "" },
	{ "responses",
	  "SIP/2.0 200 OK\r\n"
	  "Via: SIP/2.0/UDP $P;branch=z9hG4bK" FLOOD_MARK FLOOD_MARK "\r\n"
	  "Via: SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bK" FLOOD_MARK "\r\n"
	  "From: <sip:nobody@$P>;tag=" FLOOD_MARK "\r\n"
	  "To: <sip:flood@$S>;tag=" FLOOD_MARK "\r\n"
	  "Call-ID: " FLOOD_CALL_ID FLOOD_MARK "\r\n"
	  "CSeq: 1 INVITE\r\n"
	  "Contact: <sip:flood@$S>\r\n",
	  "" },
	{ "ack",
	  "ACK sip:1000@$P SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP $S;branch=z9hG4bK" FLOOD_MARK ";rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: <sip:flood@$S>;tag=" FLOOD_MARK "\r\n"
	  "To: <sip:1000@$P>;tag=" FLOOD_MARK "\r\n"
	  "Call-ID: " FLOOD_CALL_ID FLOOD_MARK "\r\n"
	  "CSeq: 1 ACK\r\n",
	  "" },
	{ "scanner",
	  "OPTIONS sip:100@$P SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP $S;branch=z9hG4bK-" FLOOD_MARK ";rport\r\n"
	  "Content-Length: 0\r\n"
	  "From: \"sipvicious\"<sip:100@1.1.1.1>;tag=" FLOOD_MARK "\r\n"
	  "Accept: application/sdp\r\n"
	  "User-Agent: friendly-scanner\r\n"
	  "To: \"sipvicious\"<sip:100@1.1.1.1>\r\n"
	  "Contact: sip:100@$S\r\n"
	  "CSeq: 1 OPTIONS\r\n"
	  "Call-ID: " FLOOD_CALL_ID FLOOD_MARK "\r\n"
	  "Max-Forwards: 70\r\n",
	  NULL },
};

static struct span keep(struct text_writer *w, struct flood_text *text)
{
	struct span written = text_written(w);

	text->data = w->overflow ? NULL : malloc(written.len + 1);
	if (text->data)
		memcpy(text->data, written.data, written.len);
	text->len = (uint32_t)written.len;
	return written;
}

bool flood_text_compose(const char *name, const struct endpoint *from, const struct endpoint *proxy,
			struct flood_text *text)
{
	char room[TEXT_MAX];
	struct text_writer w = text_writer_of(room, sizeof(room));
	size_t k = 0;

	text->data = NULL;
	while (k < ARRAY_SIZE(kinds) && strcmp(kinds[k].name, name) != 0)
		k++;
	if (k == ARRAY_SIZE(kinds))
		return false;
	for (const char *at = kinds[k].head; *at; at++) {
		if (*at != '$') {
			text_put_char(&w, *at);
			continue;
		}
		endpoint_put(&w, *++at == 'S' ? from : proxy);
	}
	if (kinds[k].body) { /* the scanner has its length where scanners have it */
		text_put(&w, SPAN("Content-Length: "));
		text_put_u64(&w, strlen(kinds[k].body));
		text_put(&w, SPAN("\r\n"));
	}
	text_put(&w, SPAN("\r\n"));
	text_put(&w, span_of_string(kinds[k].body ? kinds[k].body : ""));
	keep(&w, text);
	return text->data != NULL;
}

/* ---- folders --------------------------------------------------------------------------------- */

static bool load_plain(const char *path, struct flood_text *text, char *error)
{
	FILE *file = fopen(path, "rb");
	char *room = malloc(FLOOD_OCTETS_MAX + 1);

	text->data = room;
	text->len = file && room ? (uint32_t)fread(room, 1, FLOOD_OCTETS_MAX + 1, file) : 0;
	if (!file || !room || ferror(file))
		snprintf(error, FLOOD_ERROR_MAX, "%.200s: %s", path, strerror(errno));
	else
		error[0] = '\0';
	if (file)
		fclose(file);
	room = text->len ? realloc(text->data, text->len) : NULL;
	if (room)
		text->data = room;
	return error[0] == '\0';
}

/* A response of a vector wants the branch of a request that went before: here it has none, and is
 * a stranger's. */
static bool load_vector(const char *path, struct flood_text *text, char *error)
{
	const struct vector_values values = {
		.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0123456789abcdef0123456789abcdef",
		.branch = "z9hG4bK0123456789abcdef0123456789abcdef",
	};
	struct octets message = { 0 }, trailing = { 0 };
	struct vector vector;
	char why[200] = "";
	bool good;

	good = vector_read(&vector, path, why, sizeof(why)) &&
	       vector_octets(vector.message, &values, &message, why, sizeof(why)) &&
	       (!vector.trailing.len ||
		vector_octets(vector.trailing, &values, &trailing, why, sizeof(why)));
	if (good)
		text->data = malloc(message.len + trailing.len + 1);
	if (good && text->data) {
		memcpy(text->data, message.data, message.len);
		if (trailing.len)
			memcpy(text->data + message.len, trailing.data, trailing.len);
		text->len = (uint32_t)(message.len + trailing.len);
	}
	if (!good || !text->data)
		snprintf(error, FLOOD_ERROR_MAX, "%.100s: %s", path, good ? "out of memory" : why);
	free(message.data);
	free(trailing.data);
	vector_free(&vector);
	return good && text->data;
}

static bool load_file(const char *path, struct flood_text *text, char *error)
{
	const size_t len = strlen(path);
	struct stat is;

	text->data = NULL;
	text->len = 0;
	if (stat(path, &is) != 0 || !S_ISREG(is.st_mode) || is.st_size == 0)
		return true;
	if (len > 7 && strcmp(path + len - 7, ".vector") == 0 ? !load_vector(path, text, error)
							      : !load_plain(path, text, error))
		return false;
	if (text->len <= FLOOD_OCTETS_MAX)
		return true;
	snprintf(error, FLOOD_ERROR_MAX, "%.200s: longer than a datagram can be (%u octets)", path,
		 FLOOD_OCTETS_MAX);
	return false;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int flood_texts_load(const char *folder, struct flood_text **texts, char *error)
{
	struct dirent **names = NULL;
	int found = scandir(folder, &names, is_shown, alphasort), count = 0;
	char path[1024];
	bool good = true;

	*texts = NULL;
	if (found < 0) {
		snprintf(error, FLOOD_ERROR_MAX,
			 "--flood: '%.120s' is no flood (invite, options, "
			 "register, responses, ack, scanner) and no folder: %s",
			 folder, strerror(errno));
		return -1;
	}
	*texts = calloc((size_t)found + 1, sizeof(**texts));
	for (int i = 0; i < found; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		free(names[i]);
		good = good && *texts && count < (int)FLOOD_FILES_MAX &&
		       load_file(path, &(*texts)[count], error);
		count += good && (*texts)[count].data;
	}
	free(names);
	if (good && count)
		return count;
	if (good)
		snprintf(error, FLOOD_ERROR_MAX, "--flood: no message in folder %.200s", folder);
	for (int i = 0; *texts && i < found; i++)
		free((*texts)[i].data);
	free(*texts);
	*texts = NULL;
	return -1;
}
