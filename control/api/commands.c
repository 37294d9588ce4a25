/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of commands; see commands.h. */
#include "api/commands.h"

#include <stdio.h>

#include "api/protocol.h"
#include "base/text.h"

#define POSITIONAL(kind_, key_, name_, help_)                                                      \
	{ .kind = API_ARG_##kind_, .is_required = true, .key = key_, .value_name = name_,          \
	  .help = help_ }
#define ALTERNATIVE(is_option_, kind_, key_, name_, help_)                                         \
	{ .kind = API_ARG_##kind_, .is_option = is_option_, .is_alternative = true, .key = key_,   \
	  .value_name = name_, .help = help_ }
#define OPTION(kind_, key_, name_, help_)                                                          \
	{ .kind = API_ARG_##kind_, .is_option = true, .key = key_, .value_name = name_,            \
	  .help = help_ }
#define LOCAL_OPTION(kind_, key_, name_, help_)                                                    \
	{ .kind = API_ARG_##kind_, .scope = API_ARG_LOCAL, .is_option = true, .key = key_,         \
	  .value_name = name_, .help = help_ }

#define TARGET_NAME                                                                                \
	POSITIONAL(STRING, "name", "NAME", "POOL/TARGET, or TARGET where one pool alone has it")

const struct api_command api_commands[API_COMMAND_COUNT] = {
	[API_COMMAND_SHOW_STATUS] = {
		.name = "show status",
		.help = "instance, uptime, targets, and whether the verdicts add up",
		.text = "Prints what runs and since when, and compares the packets received with the "
			"sum of the verdicts. The difference is what was in flight between two "
			"workers while the counters were read: it is small, and 0 when traffic rests.",
	},
	[API_COMMAND_SHOW_SERVICES] = {
		.name = "show services",
		.help = "addresses that Tandem listens on, and their pools",
		.text = "Prints each service: where it listens, for whom, and which pool serves it.",
	},
	[API_COMMAND_SHOW_POOLS] = {
		.name = "show pools",
		.help = "policies, fail-over, and how many targets are usable",
		.text = "Prints each pool with its policy, what makes a request fail over, and how "
			"many of its targets take new calls.",
	},
	[API_COMMAND_SHOW_TARGETS] = {
		.name = "show targets",
		.help = "each target's state, load and answers",
		.text = "Prints each target: the operator's wish (ready, drain, maint), what was "
			"observed (up, down, blacklisted), the requests sent to it and what became "
			"of them. Answers are counted by class of status code.",
		.args = { OPTION(STRING, "pool", "NAME", "the targets of this pool alone") },
	},
	[API_COMMAND_SHOW_INTERFACES] = {
		.name = "show interfaces",
		.help = "ports, drivers, links and packet counters",
		.text = "Prints each interface with its driver, link, queues, and the counters that "
			"the device itself keeps.",
	},
	[API_COMMAND_SHOW_WORKERS] = {
		.name = "show workers",
		.help = "cycles a message, hand-offs, bursts, sleeps, time inside Tandem",
		.text = "Prints for each worker the messages it took, TSC cycles a message (in the "
			"whole packet path, and in the engine alone), packets a burst, hand-offs to "
			"and from other workers, sleeps, and the time from rx burst to tx burst. "
			"With --stages, prints instead where the cycles go, stage by stage of the "
			"packet path, in all workers together: one pass of the poll loop in 64 is "
			"sampled.",
		.args = { OPTION(FLAG, "stages", NULL, "cycles by stage of the packet path") },
	},
	[API_COMMAND_SHOW_DROPS] = {
		.name = "show drops",
		.help = "the verdict table: what became of every packet, and why",
		.text = "Prints every verdict given since the start: kind, reason, count, what it "
			"means, and the clause that asks for it. Hand-offs are listed but not summed: "
			"a packet handed off gets its verdict from the worker that owns the call.",
		.args = { OPTION(FLAG, "drops_only", NULL, "leave out all verdicts but drops") },
	},
	[API_COMMAND_SHOW_DIALOGS] = {
		.name = "show dialogs",
		.help = "dialogs kept, CSeq out of order, 2xx without ACK",
		.text = "Prints for each worker how many dialogs it keeps and of how many it can, and "
			"for each service what became of them: dialogs begun, ended by BYE, expired "
			"by session timer or age, not kept because the table was full; requests "
			"whose CSeq was below the last, by side; and INVITEs answered 2xx that saw "
			"no ACK for 64*T1, by the side that owed it. A dialog that ended is kept for "
			"64*T1 more. A dialog that is not kept goes on all the same.",
	},
	[API_COMMAND_SHOW_TIMERS] = {
		.name = "show timers",
		.help = "how many timers of each name run, and how long they are",
		.text = "Prints for each worker how many of the timers A to M run, and of Tandem's own: "
			"100 (the 100 of a non-INVITE request), cancel (a cancelled INVITE without a "
			"final response), next (a silent target due for company). Then the durations "
			"of each service, and of each pool that has its own. Timers have a resolution "
			"of 1 ms and are never early.",
	},
	[API_COMMAND_SHOW_MEMORY] = {
		.name = "show memory",
		.help = "transactions, tombstones, retained copies, control plane",
		.text = "Prints how full each worker's tables are and what of them is kept for requests "
			"within dialogs, the copies of messages by what they are kept for, packet "
			"buffers, and what the control plane uses.",
	},
	[API_COMMAND_SHOW_DNS] = {
		.name = "show dns",
		.help = "names that pools take their targets from, their age and state",
		.text = "Prints for each SRV name of a pool its state, how many records and targets it "
			"has, how old that answer is, when it is asked for anew, how often that has "
			"failed in a row and why; then the servers, as the last good answer had them. "
			"States: fresh (the last answer), stale (the attempts since have failed, the "
			"last good answer serves), disk (an earlier process was answered so), asking "
			"(never answered), refused (the answer: no such service), empty (the answer: no "
			"such name, and there was none before).",
		.args = { { .kind = API_ARG_STRING, .key = "name", .value_name = "NAME",
			    .help = "of this name alone" } },
	},
	[API_COMMAND_SHOW_CONFIG] = {
		.name = "show config",
		.help = "the configuration in force",
		.text = "Prints the configuration that tandemd runs with, defaults written out, after "
			"its version and when it was read. Timers set since then are in it, and "
			"named.",
	},
	[API_COMMAND_TARGET_READY] = {
		.name = "target ready",
		.help = "let a target take new calls",
		.text = "Sets the operator's wish for a target to ready: it takes new calls as long "
			"as it is observed up. Stateless services follow 64*t1 later.",
		.args = { TARGET_NAME },
	},
	[API_COMMAND_TARGET_DRAIN] = {
		.name = "target drain",
		.help = "no new calls; running calls go on",
		.text = "Sets the operator's wish for a target to drain: it gets no new calls, and "
			"requests within its dialogs still reach it. Tells how many calls are left; "
			"an event says when the last one has ended. Stateless services follow "
			"64*t1 later.",
		.args = { TARGET_NAME },
	},
	[API_COMMAND_TARGET_MAINT] = {
		.name = "target maint",
		.help = "take a target out for maintenance",
		.text = "Sets the operator's wish for a target to maint: it gets no new calls, and "
			"calls that began there and retry (with credentials, say) go elsewhere too. "
			"Requests within its dialogs still reach it. Stateless services follow "
			"64*t1 later.",
		.args = { TARGET_NAME },
	},
	[API_COMMAND_TARGET_ADD] = {
		.name = "target add",
		.help = "a further target for a pool, until the next start",
		.text = "Adds a server to a pool beside those of the configuration and of DNS. It is "
			"kept over reloads, until it is removed or tandemd is restarted; what is to "
			"stay belongs into the file.",
		.args = {
			POSITIONAL(STRING, "name", "POOL/TARGET", "the pool, and what to call it"),
			POSITIONAL(STRING, "uri", "URI", "where it is: sip:ADDRESS:PORT"),
			OPTION(NUMBER, "priority", "N", "lower is served first; 0 unless given"),
			OPTION(NUMBER, "weight", "N", "share of the calls; 1 unless given"),
		},
	},
	[API_COMMAND_TARGET_REMOVE] = {
		.name = "target remove",
		.help = "take out a target that was added by hand",
		.text = "Removes a target that `target add` brought. It gets no new calls; calls that "
			"are up go on. A target of the configuration is removed there, and then "
			"`reload`.",
		.args = { TARGET_NAME },
	},
	[API_COMMAND_SET_TIMERS] = {
		.name = "set timers",
		.help = "another T1, T2, T4 or timer A to M, until the next reload",
		.text = "Changes a value of the section `timers` for transactions that begin from now "
			"on, of the services and pools that have no value of their own. Transactions "
			"that run keep theirs. A reload puts back what the file says.",
		.args = {
			POSITIONAL(STRING, "timer", "NAME", "t1, t2, t4, timer_a to timer_m"),
			POSITIONAL(STRING, "value", "DURATION", "with a unit: 500ms, 32s"),
		},
	},
	[API_COMMAND_RELOAD] = {
		.name = "reload",
		.help = "read the configuration again and take it over, or refuse",
		.text = "Reads and checks the file that tandemd was started with, and the keys. What "
			"differs is printed and taken over as a whole; calls that are up go on as "
			"they began. A mistake is told with its place, and nothing changes; so it is "
			"when something differs that needs a restart.",
		.args = { OPTION(FLAG, "dry_run", NULL, "check and compare, and take nothing over") },
	},
	[API_COMMAND_EXPLAIN] = {
		.name = "explain",
		.help = "where would this message go, and why",
		.text = "Asks the worker that owns the call to route a message on the live "
			"configuration, with the code that routes packets. Nothing is sent and "
			"nothing changes. FILE holds one message as it would stand in a datagram. "
			"With --call-ids, the message (or an INVITE made up for the purpose) is "
			"routed once for each Call-ID of a list.",
		.args = {
			ALTERNATIVE(false, CONTENT, "message", "FILE", "file that holds the message"),
			ALTERNATIVE(true, LIST, "call_ids", "FILE", "file with one Call-ID a line"),
			OPTION(STRING, "source", "ADDR:PORT", "where the message comes from"),
			OPTION(STRING, "local", "ADDR:PORT", "address of Tandem it is sent to"),
			OPTION(STRING, "interface", "NAME", "interface it arrives by"),
		},
	},
	[API_COMMAND_CAPTURE_START] = {
		.name = "capture start",
		.help = "write all frames, received and sent, to a pcapng file",
		.text = "Starts a capture on all interfaces. tcpdump does not see these frames: they "
			"never reach the kernel. FILE is written by tandemd, with its rights.",
		.args = {
			POSITIONAL(PATH, "path", "FILE", "file to write; replaced if it exists"),
			{ .kind = API_ARG_NUMBER, .is_option = true, .min = 1, .key = "packets",
			  .value_name = "N", .help = "stop writing after so many packets" },
		},
	},
	[API_COMMAND_CAPTURE_STOP] = {
		.name = "capture stop",
		.help = "end the capture and tell how much was written",
		.text = "Ends the capture.",
	},
	[API_COMMAND_EVENTS] = {
		.name = "events",
		.help = "follow what happens: start, stop, targets, capture, dialogs",
		.text = "Prints the latest events, then every further one as it happens, until "
			"interrupted.",
		.args = { LOCAL_OPTION(NUMBER, "count", "N", "end after N further events") },
	},
};

const char *api_error_code(enum api_error error)
{
	static const char *const codes[] = {
#define X(name, code) [API_ERROR_##name] = code,
		API_ERRORS(X)
#undef X
	};
	return codes[error];
}

enum api_command_id api_command_find(const char *name)
{
	unsigned int id = 0;

	while (id < API_COMMAND_COUNT && strcmp(api_commands[id].name, name) != 0)
		id++;
	return (enum api_command_id)id;
}

static void usage_put_arg(struct text_writer *w, const struct api_arg *arg)
{
	text_put(w, arg->is_required ? SPAN(" ") : SPAN(" ["));
	if (arg->is_option) {
		text_put(w, SPAN("--"));
		for (const char *c = arg->key; *c; c++)
			text_put_char(w, *c == '_' ? '-' : *c);
		if (arg->value_name)
			text_put_char(w, ' ');
	}
	if (arg->value_name)
		text_put(w, span_of_string(arg->value_name));
	if (!arg->is_required)
		text_put_char(w, ']');
}

const char *api_command_usage(enum api_command_id id, char *text, size_t size)
{
	struct text_writer w = text_writer_of(text, size - 1);

	text_put(&w, span_of_string(api_commands[id].name));
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++)
		usage_put_arg(&w, arg);
	*w.at = '\0';
	return text;
}

static bool arg_is_list_of_strings(const json_t *value)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value))
		return false;
	json_array_foreach(value, i, item) {
		if (!json_is_string(item))
			return false;
	}
	return true;
}

/* NULL when the value has the kind, else what it should be. */
static const char *arg_kind_wanted(const struct api_arg *arg, const json_t *value)
{
	switch (arg->kind) {
	case API_ARG_NUMBER:
		if (json_is_integer(value) && json_integer_value(value) >= (json_int_t)arg->min)
			return NULL;
		return arg->min ? "an integer of at least 1" : "an integer of at least 0";
	case API_ARG_FLAG:
		return json_is_boolean(value) ? NULL : "true or false";
	case API_ARG_LIST:
		return arg_is_list_of_strings(value) ? NULL : "an array of strings";
	case API_ARG_PATH:
		return json_is_string(value) && json_string_value(value)[0] == '/'
			       ? NULL : "an absolute path";
	case API_ARG_STRING:
	case API_ARG_CONTENT:
	case API_ARG_END:
		break;
	}
	return json_is_string(value) ? NULL : "a string";
}

static const struct api_arg *arg_find(enum api_command_id id, const char *key)
{
	const struct api_arg *arg = api_commands[id].args;

	while (arg->kind != API_ARG_END && (arg->scope == API_ARG_LOCAL || strcmp(arg->key, key) != 0))
		arg++;
	return arg->kind != API_ARG_END ? arg : NULL;
}

static void why_no_alternative(enum api_command_id id, char *why, size_t size)
{
	struct text_writer w = text_writer_of(why, size - 1);
	const char *before = "' needs one of the arguments '";

	text_put_char(&w, '\'');
	text_put(&w, span_of_string(api_commands[id].name));
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		if (!arg->is_alternative)
			continue;
		text_put(&w, span_of_string(before));
		text_put(&w, span_of_string(arg->key));
		before = "', '";
	}
	text_put_char(&w, '\'');
	*w.at = '\0';
}

bool api_command_check(enum api_command_id id, const json_t *args, char *why, size_t size)
{
	const char *name = api_commands[id].name;
	const char *key;
	json_t *value;
	bool has_alternatives = false, has_one = false;

	if (args && !json_is_object(args)) {
		snprintf(why, size, "args is not an object");
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)args, key, value) {
		const struct api_arg *arg = arg_find(id, key);
		if (!arg) {
			snprintf(why, size, "'%s' takes no argument '%.40s'", name, key);
			return false;
		}
		const char *wanted = arg_kind_wanted(arg, value);
		if (wanted) {
			snprintf(why, size, "argument '%s' of '%s' must be %s", key, name, wanted);
			return false;
		}
	}
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		if (arg->is_required && !json_object_get(args, arg->key)) {
			snprintf(why, size, "'%s' needs the argument '%s'", name, arg->key);
			return false;
		}
		has_alternatives |= arg->is_alternative;
		has_one |= arg->is_alternative && json_object_get(args, arg->key);
	}
	if (has_alternatives && !has_one) {
		why_no_alternative(id, why, size);
		return false;
	}
	return true;
}

const char *api_arg_string(const json_t *args, const char *key)
{
	return json_string_value(json_object_get(args, key));
}

uint64_t api_arg_number(const json_t *args, const char *key, uint64_t absent)
{
	const json_t *value = json_object_get(args, key);

	return value ? (uint64_t)json_integer_value(value) : absent;
}

bool api_arg_flag(const json_t *args, const char *key)
{
	return json_is_true(json_object_get(args, key));
}
