/* SPDX-License-Identifier: BSD-3-Clause */
#include "play.h"

#include "balance/policy.h"

#include <ctype.h>
#include <stdlib.h>

void play_fail(struct play *play, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = arena_vformat(play->arena, format, arguments);
	va_end(arguments);
	world_fail(play->world, "%s", text);
}

void play_set(struct play *play, const char *name, const char *value)
{
	for (int i = 0; i < play->variable_count; i++) {
		if (text_is(play->variables[i].name, name)) {
			play->variables[i].value = value;
			return;
		}
	}
	if (play->variable_count == VARIABLES_MAX) {
		play_fail(play, "too many variables");
		return;
	}
	play->variables[play->variable_count].name = name;
	play->variables[play->variable_count++].value = value;
}

static const char *variable(struct play *play, const char *name)
{
	for (int i = 0; i < play->variable_count; i++) {
		if (text_is(play->variables[i].name, name))
			return play->variables[i].value;
	}
	play_fail(play, "$%s has no value", name);
	return "";
}

char *play_expand(struct play *play, const char *text)
{
	struct text out = { .arena = play->arena };
	text_add(&out, "", 0);
	while (*text) {
		size_t len = strcspn(text, "$");
		text_add(&out, text, len);
		text += len;
		if (!*text)
			break;
		bool braces = text[1] == '{';
		const char *name = text + 1 + braces;
		len = 0;
		while (isalnum((unsigned char)name[len]) || name[len] == '_')
			len++;
		const char *value = variable(play, arena_copy(play->arena, name, len));
		text_add(&out, value, strlen(value));
		text = name + len + (braces && name[len] == '}');
	}
	return out.at;
}

bool play_words(const struct play *play, int from, ...)
{
	va_list arguments;
	const char *word;
	bool same = true;
	va_start(arguments, from);
	while ((word = va_arg(arguments, const char *))) {
		if (from >= play->word_count ||
		    (!text_is(word, "*") && !text_is(word, play->words[from])))
			same = false;
		from++;
	}
	va_end(arguments);
	return same && from == play->word_count;
}

/* ---- parties */

static void agent_block(struct play *play, struct agent *agent)
{
	for (int i = 0; i < play->command->block_count; i++) {
		char *words[WORDS_MAX];
		const char *line = play->command->block[i];
		play->line = play->command->block_line[i];
		int count = text_split(play->arena, play_expand(play, line), words, WORDS_MAX);
		if (!agent_configure(agent, words, count))
			play_fail(play, "an agent cannot '%s'", line);
	}
}

/* ua|agent NAME ENDPOINT [behind ENDPOINT] [proxy ENDPOINT] [rport] */
static void party_command(struct play *play)
{
	struct endpoint own, seen, proxy = { 0 };
	struct node *node;
	bool rport = false;

	if (play->word_count < 3 || !endpoint_parse(span_of_string(play->words[2]), 5060, &own)) {
		play_fail(play, "expected: %s NAME ADDRESS:PORT ...", play->words[0]);
		return;
	}
	seen = own;
	for (int i = 3; i < play->word_count; i++) {
		struct endpoint *out = text_is(play->words[i], "behind") ? &seen :
				       text_is(play->words[i], "proxy")	 ? &proxy :
									   NULL;
		if (text_is(play->words[i], "rport"))
			rport = true;
		else if (!out || ++i == play->word_count ||
			 !endpoint_parse(span_of_string(play->words[i]), 5060, out))
			play_fail(play, "'%s': accepted are behind, proxy and rport",
				  play->words[i < play->word_count ? i : i - 1]);
	}
	node = world_node_add(play->world, play->words[1], &own, &seen);
	if (!node) {
		play_fail(play, "too many parties");
		return;
	}
	node->proxy = proxy.address.family ? proxy :
		      play->world->snapshot->listen_count ?
					     play->world->snapshot->listens[0].endpoint :
					     proxy;
	node->asks_rport = rport;
	if (text_is(play->words[0], "agent"))
		agent_block(play, agent_create(node));
}

/* ---- the operator and the network */

static void target_command(struct play *play)
{
	struct target_status *status = snapshot_fixture_status(play->world->fixture, play->words[1]);
	static const struct {
		const char *word;
		bool is_admin;
		uint32_t value;
	} states[] = {
		{ "ready", true, TARGET_READY },	 { "drain", true, TARGET_DRAIN },
		{ "maint", true, TARGET_MAINT },	 { "up", false, TARGET_UP },
		{ "down", false, TARGET_DOWN },
		{ "blacklisted", false, TARGET_BLACKLISTED },
		{ "trial", false, TARGET_TRIAL },
	};
	for (size_t i = 0; status && i < ARRAY_SIZE(states); i++) {
		if (!text_is(states[i].word, play->words[2]))
			continue;
		if (states[i].is_admin)
			balance_admin_set(status, (enum target_admin)states[i].value,
					  tick_to_ms(play->world->now),
					  play->world->snapshot->settle_ms);
		else
			__atomic_store_n(&status->health, states[i].value, __ATOMIC_RELAXED);
		if (states[i].value == TARGET_TRIAL && !states[i].is_admin)
			__atomic_store_n(&status->trials, 1, __ATOMIC_RELAXED);
		ladder_note(&play->world->ladder, play->arena, play->world->now,
			    arena_format(play->arena, "target %s is %s", play->words[1],
					 play->words[2]));
		return;
	}
	play_fail(play, "no such target or state");
}

/* publish, and the snapshot's directives below it. */
static void publish_command(struct play *play)
{
	struct text lines = { .arena = play->arena };

	text_add(&lines, "", 0);
	for (int i = 0; i < play->command->block_count; i++)
		text_print(&lines, "%s\n", play->command->block[i]);
	(void)world_publish(play->world, lines.at);
}

/* restart [instance N]: the process ends without a word, and another one comes up in its place. */
static void restart_command(struct play *play)
{
	uint64_t instance = play->world->snapshot->instance;
	if (play->word_count == 3 &&
	    !text_parse_u64(span_of_string(play->words[2]), UINT16_MAX, &instance))
		play_fail(play, "'%s' is no instance", play->words[2]);
	else
		world_restart(play->world, (uint16_t)instance);
}

/* probe TARGET [timeout DURATION], probe nobody: an id that no target has. */
static void probe_command(struct play *play)
{
	uint16_t target = snapshot_fixture_target(play->world->fixture, play->words[1]);
	tick_t timeout = play->word_count == 4 ? script_duration(play->words[3]) : TICK_SECONDS(1);

	if (target == BALANCE_NONE && !text_is(play->words[1], "nobody"))
		play_fail(play, "no target is called '%s'", play->words[1]);
	else if (timeout == TICK_NEVER)
		play_fail(play, "'%s' is not a duration", play->words[3]);
	else
		world_probe(play->world, target, timeout);
}

/* name HOST[:PORT] is ENDPOINT|unknown [for T]: what control answers, to be kept for a minute. */
static void name_command(struct play *play)
{
	char *host = arena_string(play->arena, play->words[1]), *colon = strchr(host, ':');
	tick_t keep = play->word_count == 6 ? script_duration(play->words[5]) : TICK_SECONDS(60);
	bool is_unknown = text_is(play->words[3], "unknown");
	struct endpoint endpoint;

	if (colon)
		*colon = '\0';
	if (keep == TICK_NEVER)
		play_fail(play, "'%s' is not a duration", play->words[5]);
	else if (!is_unknown &&
		 !endpoint_parse(span_of_string(play->words[3]), 5060, &endpoint))
		play_fail(play, "'%s' is no address", play->words[3]);
	else if (!world_name(play->world, host, colon ? (uint16_t)atoi(colon + 1) : 0,
			     is_unknown ? NULL : &endpoint, keep))
		play_fail(play, "nobody asked for '%s'", play->words[1]);
}

static void advance_command(struct play *play)
{
	tick_t duration = script_duration(play->words[1]);
	if (duration == TICK_NEVER)
		play_fail(play, "'%s' is not a duration", play->words[1]);
	else
		world_run(play->world, play->world->now + duration, NULL, NULL);
}

static void node_command(struct play *play, const char *name, const char *what)
{
	struct node *node = world_node_find(play->world, name);
	if (!node) {
		play_fail(play, "nobody is called '%s'", name);
		return;
	}
	if (text_is(what, "ignore")) {
		node->ignored = true;
		while (node_take(node))
			;
	} else if (text_is(what, "heed")) {
		node->ignored = false;
	} else {
		node->unreachable = text_is(what, "unreachable");
	}
}

static void run_command(struct play *play)
{
	const struct command *command = play->command;
	struct node *node;

	play->line = command->line;
	play->word_count = text_split(play->arena, play_expand(play, command->text), play->words,
				      WORDS_MAX);
	if (play->world->failure)
		return;
	node = world_node_find(play->world, play->words[0]);
	if (text_is(play->words[0], "ua") || text_is(play->words[0], "agent"))
		party_command(play);
	else if (text_is(play->words[0], "expect"))
		expect_command(play);
	else if (play_words(play, 0, "advance", "*", NULL))
		advance_command(play);
	else if (play_words(play, 0, "run", NULL))
		world_settle(play->world);
	else if (play_words(play, 0, "ignore", "*", NULL) ||
		 play_words(play, 0, "heed", "*", NULL) ||
		 play_words(play, 0, "unreachable", "*", NULL) ||
		 play_words(play, 0, "reachable", "*", NULL))
		node_command(play, play->words[1], play->words[0]);
	else if (play_words(play, 0, "target", "*", "*", NULL))
		target_command(play);
	else if (play_words(play, 0, "probe", "*", NULL) ||
		 play_words(play, 0, "probe", "*", "timeout", "*", NULL))
		probe_command(play);
	else if (play_words(play, 0, "name", "*", "is", "*", NULL) ||
		 play_words(play, 0, "name", "*", "is", "*", "for", "*", NULL))
		name_command(play);
	else if (play_words(play, 0, "publish", NULL))
		publish_command(play);
	else if (play_words(play, 0, "restart", NULL) ||
		 play_words(play, 0, "restart", "instance", "*", NULL))
		restart_command(play);
	else if (play_words(play, 0, "latency", "*", NULL))
		play->world->latency = script_duration(play->words[1]);
	else if (play_words(play, 0, "room", "*", "*", NULL))
		play->world->headroom = (uint32_t)atoi(play->words[1]),
		play->world->tailroom = (uint32_t)atoi(play->words[2]);
	else if (node && node->agent && play->word_count >= 4 && text_is(play->words[1], "places"))
		agent_place(node->agent, play->words[2], play->words[3],
			    play->word_count == 6 ? play->words[5] : NULL);
	else if (node && !node->agent)
		scripted_command(play, node);
	else
		play_fail(play, "'%s' is not understood", command->text);
	/* What a command causes at once has happened when the next one starts. */
	if (!play->world->failure)
		world_run(play->world, play->world->now, NULL, NULL);
}

/* Nobody got what no line expected, and nothing is left in the engine. */
static void finish(struct play *play)
{
	struct world *world = play->world;
	world_settle(world);
	for (int i = 0; i < world->node_count && !world->failure; i++) {
		struct node *node = world->nodes[i];
		if (node->first)
			play_fail(play, "%s got %s at %.3f s, which no line expects", node->name,
				  message_label(node->first->message),
				  (double)(node->first->at - WORLD_EPOCH) / 1e6);
	}
}

char *play_script(struct arena *arena, const struct script *script, const struct faults *faults,
		  struct text *picture, unsigned int *datagrams)
{
	struct play play = { .arena = arena, .script = script };
	char *error = NULL;

	play.world = world_create(arena, script->snapshot, script->capacity, script->asks_names,
				  &error);
	if (!play.world)
		return arena_format(arena, "%s: %s", script->file, error);
	play.world->faults = *faults;
	for (int i = 0; i < script->command_count && !play.world->failure; i++) {
		play.command = script->commands[i];
		run_command(&play);
	}
	if (!play.world->failure)
		finish(&play);
	if (play.world->failure)
		error = arena_format(arena, "%s:%d: %s", script->file, play.line,
				     play.world->failure);
	*datagrams = play.world->datagrams_sent;
	world_picture(play.world, "#   ", picture);
	world_destroy(play.world);
	return error;
}
