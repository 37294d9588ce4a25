/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is expected, of the next letter of a scripted party, of an agent's results, and of the
 * engine's counters:
 *
 *	expect NAME METHOD|STATUS [to METHOD] [within DURATION | after DURATION]
 *	expect NAME has METHOD|STATUS [to METHOD]    in any order
 *	expect nothing [at NAME] [for DURATION]
 *	expect AGENT|all calls|answered|ended|final|challenged N,  expect AGENT got METHOD N
 *	expect verdict KIND REASON N,  expect stat NAME N,  expect timer NAME N
 *	expect [not] told ..., expect target ..., expect calls ... (expect_outcome.c)
 *	expect dialogs ..., expect event ... (expect_dialog.c)
 *
 * Lines below a letter: SUBJECT is|is not|starts|contains|lacks VALUE, SUBJECT present|absent,
 * SUBJECT count N, let NAME = SUBJECT, keeps NODE's headers but NAME...
 * SUBJECT: start-line, request-uri, status, source, body, or Name[index].parameter.
 */
#include "play.h"

#include <stdlib.h>

/* A timer is never early, and at most this late. */
#define LATE_MAX TICK_MS(2)

/* ---- subjects */

/* NULL: there is no such thing in the message. */
static const char *header_subject(struct play *play, const struct message *message,
				  const char *subject)
{
	struct arena *arena = play->arena;
	size_t len = strcspn(subject, "[.");
	const char *name = arena_copy(arena, subject, len), *at = subject + len;
	int index = 0;
	if (*at == '[') {
		index = atoi(at + 1);
		at += strcspn(at, "]");
		at += *at == ']';
	}
	const char *value = message_get(message, name, index);
	if (!value || *at != '.')
		return value;
	at++;
	if (text_is(at, "uri"))
		return message_addr_uri(arena, value);
	if (text_is(at, "sent-by"))
		return message_via_sent_by(arena, value);
	const char *found = message_param(arena, value, at);
	return found ? found : message_uri_param(arena, message_addr_uri(arena, value), at);
}

static const char *subject_value(struct play *play, const struct letter *letter,
				 const char *subject)
{
	const struct message *message = letter->message;
	if (text_is(subject, "start-line"))
		return message->start_line;
	if (text_is(subject, "request-uri"))
		return message->uri;
	if (text_is(subject, "status"))
		return arena_format(play->arena, "%d", message->status);
	if (text_is(subject, "source"))
		return ua_endpoint(play->arena, &letter->source);
	if (text_is(subject, "body"))
		return message->body;
	return header_subject(play, message, subject);
}

/* ---- checks */

static bool is_left_out(char **names, int count, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (strcasecmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* All other header fields are the sender's, in the sender's order, and so is the body
 * (RFC 3261 §16.6 item 1). */
static void check_kept(struct play *play, const struct letter *letter, const char *owner,
		       char **names, int count)
{
	struct node *node =
		world_node_find(play->world, arena_copy(play->arena, owner, strcspn(owner, "'")));
	const struct message *got = letter->message, *sent;
	int i = 0, j = 0;

	if (!node || !node->last_sent) {
		play_fail(play, "%s sent nothing", owner);
		return;
	}
	sent = message_parse(play->arena, node->last_sent->raw, node->last_sent->raw_len);
	for (;;) {
		while (i < sent->row_count && is_left_out(names, count, sent->rows[i].name))
			i++;
		while (j < got->row_count && is_left_out(names, count, got->rows[j].name))
			j++;
		if (i == sent->row_count || j == got->row_count)
			break;
		if (strcasecmp(sent->rows[i].name, got->rows[j].name) != 0 ||
		    !text_is(sent->rows[i].value, got->rows[j].value)) {
			play_fail(play, "'%s: %s' was sent, '%s: %s' arrived", sent->rows[i].name,
				  sent->rows[i].value, got->rows[j].name, got->rows[j].value);
			return;
		}
		i++, j++;
	}
	if (i < sent->row_count)
		play_fail(play, "'%s' did not arrive", sent->rows[i].name);
	else if (j < got->row_count)
		play_fail(play, "'%s: %s' was not sent", got->rows[j].name, got->rows[j].value);
	else if (sent->body_len != got->body_len ||
		 memcmp(sent->body, got->body, sent->body_len) != 0)
		play_fail(play, "the body was changed");
}

/* The line after its first `skipped` words, quotes and blanks as written. */
static const char *rest_of(const char *line, int skipped)
{
	for (int i = 0; i < skipped; i++) {
		line += strcspn(line, " \t");
		line += strspn(line, " \t");
	}
	return line;
}

static void check_value(struct play *play, const char *subject, const char *value,
			const char *line)
{
	const char *operation = rest_of(line, 1), *wanted = rest_of(line, 2);
	bool negated = strncmp(operation, "is not ", 7) == 0, holds;

	operation = arena_copy(play->arena, operation, strcspn(operation, " \t"));
	if (negated)
		wanted = rest_of(line, 3);

	if (text_is(operation, "present") || text_is(operation, "absent")) {
		if ((value != NULL) != text_is(operation, "present"))
			play_fail(play, "%s is %s", subject, value ? value : "absent");
		return;
	}
	if (!value) {
		play_fail(play, "%s is absent", subject);
		return;
	}
	if (text_is(operation, "is"))
		holds = text_is(value, wanted) != negated;
	else if (text_is(operation, "starts"))
		holds = strncmp(value, wanted, strlen(wanted)) == 0;
	else if (text_is(operation, "contains"))
		holds = strstr(value, wanted) != NULL;
	else if (text_is(operation, "lacks"))
		holds = strstr(value, wanted) == NULL;
	else {
		play_fail(play, "'%s' is no check", operation);
		return;
	}
	if (!holds)
		play_fail(play, "%s is '%s', expected: %s", subject, value, rest_of(line, 1));
}

static void check_line(struct play *play, const struct letter *letter, const char *line)
{
	char *words[WORDS_MAX];
	int count;

	line = play_expand(play, line);
	count = text_split(play->arena, line, words, WORDS_MAX);
	if (count == 4 && text_is(words[0], "let") && text_is(words[2], "=")) {
		const char *value = subject_value(play, letter, words[3]);
		if (value)
			play_set(play, words[1], value);
		else
			play_fail(play, "%s is absent", words[3]);
	} else if (count > 4 && text_is(words[0], "keeps") && text_is(words[2], "headers")) {
		check_kept(play, letter, words[1], words + 4, count - 4);
	} else if (count == 3 && text_is(words[1], "count")) {
		int found = message_count(letter->message, words[0]);
		if (found != atoi(words[2]))
			play_fail(play, "%d values of %s, expected %s", found, words[0], words[2]);
	} else if (count >= 2) {
		check_value(play, words[0], subject_value(play, letter, words[0]), line);
	} else {
		play_fail(play, "'%s' is no check", line);
	}
}

void expect_block(struct play *play, const struct letter *letter)
{
	for (int i = 0; i < play->command->block_count && !play->world->failure; i++) {
		play->line = play->command->block_line[i];
		check_line(play, letter, play->command->block[i]);
	}
}

/* ---- letters */

static bool has_letter(void *context)
{
	return ((struct node *)context)->first != NULL;
}

static bool letter_fits(const struct letter *letter, const char *what, const char *method)
{
	const struct message *message = letter->message;
	if (message_is_request(message))
		return !method && text_is(message->method, what);
	return message->status == atoi(what) && (!method || text_is(message->method, method));
}

/* Moves the first that fits to the head.  False: there is none. */
static bool letter_to_head(struct node *node, const char *what, const char *method)
{
	struct letter *before = NULL;
	for (struct letter *letter = node->first; letter; before = letter, letter = letter->next) {
		if (!letter_fits(letter, what, method))
			continue;
		if (before) {
			before->next = letter->next;
			if (node->last == letter)
				node->last = before;
			letter->next = node->first;
			node->first = letter;
		}
		return true;
	}
	return false;
}

static void expect_letter(struct play *play, struct node *node)
{
	int at = 2;
	bool any_order = text_is(play->words[at], "has") && ++at;
	const char *what = play->words[at++], *method = NULL;
	tick_t start = play->world->now, limit = 0, earliest = 0;

	if (at + 1 < play->word_count && text_is(play->words[at], "to")) {
		method = play->words[at + 1];
		at += 2;
	}
	if (at + 1 < play->word_count) {
		limit = script_duration(play->words[at + 1]);
		if (text_is(play->words[at], "after")) {
			earliest = limit;
			limit += LATE_MAX;
		} else if (!text_is(play->words[at], "within")) {
			play_fail(play, "'%s': accepted are to, within and after", play->words[at]);
			return;
		}
	}
	world_run(play->world, start + limit, has_letter, node);
	if (play->world->failure)
		return;
	if (any_order)
		letter_to_head(node, what, method);
	if (!node->first) {
		play_fail(play, "%s did not get %s%s%s", node->name, what, method ? " to " : "",
			  method ? method : "");
	} else if (!letter_fits(node->first, what, method)) {
		play_fail(play, "%s got %s, expected %s%s%s", node->name,
			  message_label(node->first->message), what, method ? " to " : "",
			  method ? method : "");
	} else if (earliest && node->first->at < start + earliest) {
		play_fail(play, "%s got %s %.3f s early", node->name, what,
			  (double)(start + earliest - node->first->at) / 1e6);
	} else {
		play->letter = node_take(node);
		expect_block(play, play->letter);
	}
}

/* expect nothing [at NAME] [for DURATION] */
static void expect_nothing(struct play *play)
{
	const char *name = NULL;
	tick_t duration = 0;
	for (int i = 2; i + 1 < play->word_count; i += 2) {
		if (text_is(play->words[i], "at"))
			name = play->words[i + 1];
		else
			duration = script_duration(play->words[i + 1]);
	}
	world_run(play->world, play->world->now + duration, NULL, NULL);
	for (int i = 0; i < play->world->node_count; i++) {
		struct node *node = play->world->nodes[i];
		if (node->first && (!name || text_is(name, node->name)))
			play_fail(play, "%s got %s at %.3f s", node->name,
				  message_label(node->first->message),
				  (double)(node->first->at - WORLD_EPOCH) / 1e6);
	}
}

/* ---- counts */

static void expect_number(struct play *play, const char *what, long long found, const char *wanted)
{
	if (found != atoll(wanted))
		play_fail(play, "%s: %lld, expected %s", what, found, wanted);
}

static void expect_result(struct play *play, const char *name)
{
	const char *method = play->word_count == 5 ? play->words[3] : NULL;
	int sum = 0, found = 0;
	for (int i = 0; i < play->world->node_count; i++) {
		struct node *node = play->world->nodes[i];
		if (!node->agent || (!text_is(name, "all") && !text_is(name, node->name)))
			continue;
		int result = agent_result(node->agent, play->words[2], method);
		if (result < 0) {
			play_fail(play, "no result is called '%s'", play->words[2]);
			return;
		}
		sum += result;
		found++;
	}
	if (!found)
		play_fail(play, "nobody is called '%s'", name);
	else
		expect_number(play, arena_format(play->arena, "%s %s", name, play->words[2]), sum,
			      play->words[play->word_count - 1]);
}

static void expect_verdict(struct play *play)
{
	const struct verdict_counters *counters = proxy_verdicts(play->world->proxy);
	for (int kind = 0; kind < VERDICT_KINDS; kind++) {
		for (int reason = 0; reason < VERDICT_REASON_COUNT; reason++) {
			if (!verdict_reasons[reason].name ||
			    !text_is(verdict_kind_name((enum verdict_kind)kind), play->words[2]) ||
			    !text_is(verdict_reasons[reason].name, play->words[3]))
				continue;
			expect_number(play, play->words[3],
				      (long long)counters->count[kind][reason], play->words[4]);
			return;
		}
	}
	play_fail(play, "no verdict is called '%s %s'", play->words[2], play->words[3]);
}

static void expect_stat(struct play *play)
{
#define STAT(name) { #name, offsetof(struct proxy_stats, name) }
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		STAT(txns), STAT(tombstones), STAT(txns_created), STAT(timers), STAT(retained),
		STAT(requests_resent), STAT(responses_resent), STAT(acks_resent),
		STAT(request_retransmissions_seen), STAT(response_retransmissions_seen),
		STAT(failovers), STAT(forks), STAT(extra_2xx_dropped), STAT(extra_2xx_ended),
		STAT(own_requests), STAT(timeouts_invite), STAT(timeouts_non_invite), STAT(hint_hits),
		STAT(hint_misses), STAT(outbox_full), STAT(marks), STAT(marks_overflow),
		STAT(calls), STAT(calls_uncounted), STAT(names_waiting), STAT(names_asked),
		STAT(names_resumed), STAT(names_given_up), STAT(probes), STAT(probes_resent),
		STAT(probes_answered), STAT(probes_timed_out),
		STAT(probes_unreachable), STAT(probes_not_sent), STAT(probe_strangers),
	};
#undef STAT
	struct proxy_stats stats;
	proxy_stats_read(play->world->proxy, &stats);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t value;
		if (!text_is(fields[i].name, play->words[2]))
			continue;
		memcpy(&value, (const char *)&stats + fields[i].offset, sizeof(value));
		expect_number(play, fields[i].name, (long long)value, play->words[3]);
		return;
	}
	play_fail(play, "no figure is called '%s'", play->words[2]);
}

/* expect timer NAME N: so many of them run. */
static void expect_timer(struct play *play)
{
	struct proxy_stats stats;

	proxy_stats_read(play->world->proxy, &stats);
	for (int i = 0; i < PROXY_TIMER_KINDS; i++) {
		if (!text_is(proxy_timers[i].name, play->words[2]))
			continue;
		expect_number(play, play->words[2], (long long)stats.running[i], play->words[3]);
		return;
	}
	play_fail(play, "no timer is called '%s'", play->words[2]);
}

void expect_command(struct play *play)
{
	struct node *node;

	if (play->word_count < 2) {
		play_fail(play, "expect what?");
		return;
	}
	node = world_node_find(play->world, play->words[1]);
	if (text_is(play->words[1], "nothing"))
		expect_nothing(play);
	else if (play_words(play, 1, "verdict", "*", "*", "*", NULL))
		expect_verdict(play);
	else if (play_words(play, 1, "stat", "*", "*", NULL))
		expect_stat(play);
	else if (play_words(play, 1, "timer", "*", "*", NULL))
		expect_timer(play);
	else if (expect_outcome_command(play) || expect_dialog_command(play))
		return;
	else if ((node && node->agent && play->word_count >= 4) || text_is(play->words[1], "all"))
		expect_result(play, play->words[1]);
	else if (node && play->word_count >= 3)
		expect_letter(play, node);
	else
		play_fail(play, "'%s' is not understood", play->command->text);
}
