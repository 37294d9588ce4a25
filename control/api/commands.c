/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of commands; see commands.h. */
#include "api/commands.h"

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

/* A text that names something, by option or by place; any where it is left out. */
#define NAMED(is_option_, key_, name_, names_, help_)                                              \
	{ .kind = API_ARG_STRING, .is_option = is_option_, .key = key_, .value_name = name_,       \
	  .help = help_, .names = API_NAMES_##names_ }
#define CHOICE(key_, name_, choices_, help_)                                                       \
	{ .kind = API_ARG_STRING, .is_option = true, .key = key_, .value_name = name_,             \
	  .help = help_, .choices = choices_ }
/* One of those that say what is followed. */
#define FOLLOWED(is_option_, key_, name_, names_, help_)                                           \
	{ .kind = API_ARG_STRING, .is_option = is_option_, .is_alternative = true, .key = key_,    \
	  .value_name = name_, .help = help_, .names = API_NAMES_##names_ }
#define COUNTED(key_, name_, min_, help_)                                                          \
	{ .kind = API_ARG_NUMBER, .is_option = true, .min = min_, .key = key_,                     \
	  .value_name = name_, .help = help_ }
#define WORKER_NUMBER(is_option_)                                                                  \
	{ .kind = API_ARG_NUMBER, .is_option = is_option_, .key = "worker", .value_name = "N",     \
	  .help = "this worker alone", .names = API_NAMES_WORKER }

#define TARGET_NAME                                                                                \
	{ .kind = API_ARG_STRING, .is_required = true, .key = "name", .value_name = "NAME",        \
	  .help = "POOL/TARGET, or TARGET where one pool alone has it", .names = API_NAMES_TARGET }

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
		.args = { NAMED(false, "name", "NAME", SERVICE, "this service alone") },
	},
	[API_COMMAND_SHOW_POOLS] = {
		.name = "show pools",
		.help = "policies, fail-over, and how many targets are usable",
		.text = "Prints each pool with its policy, what makes a request fail over, and how "
			"many of its targets take new calls.",
		.args = { NAMED(false, "name", "NAME", POOL, "this pool alone") },
	},
	[API_COMMAND_SHOW_TARGETS] = {
		.name = "show targets",
		.help = "each target's state, load and answers",
		.text = "Prints each target: the operator's wish (ready, drain, maint), what was "
			"observed (up, down, blacklisted, trial), since when, when it returns and "
			"why, the share of its weight that counts, its latest probe, the requests "
			"sent to it and what became of them. Answers are counted by class of status "
			"code.",
		.args = {
			NAMED(false, "name", "NAME", TARGET, "POOL/TARGET, or TARGET"),
			NAMED(true, "pool", "NAME", POOL, "the targets of this pool alone"),
			CHOICE("state", "STATE", "ready|drain|maint|up|down|blacklisted|trial|usable|unusable",
			       "those of this wish or this observed state; usable: for new calls"),
		},
	},
	[API_COMMAND_SHOW_INTERFACES] = {
		.name = "show interfaces",
		.help = "ports, drivers, links and packet counters",
		.text = "Prints each interface with its driver, link, queues, and the counters that "
			"the device itself keeps.",
		.args = { NAMED(false, "name", "NAME", INTERFACE, "this interface alone") },
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
		.args = {
			WORKER_NUMBER(false),
			OPTION(FLAG, "stages", NULL, "cycles by stage of the packet path"),
		},
	},
	[API_COMMAND_SHOW_DROPS] = {
		.name = "show drops",
		.help = "the verdict table: what became of every packet, and why",
		.text = "Prints every verdict given since the start: kind, reason, count, what it "
			"means, and the clause that asks for it. Hand-offs are listed but not summed: "
			"a packet handed off gets its verdict from the worker that owns the call.",
		.args = {
			NAMED(true, "reason", "REASON", REASON, "this reason alone"),
			CHOICE("kind", "KIND", "forward|reply|absorb|handoff|punt|drop",
			       "verdicts of this kind alone"),
			OPTION(FLAG, "drops_only", NULL, "the same as --kind drop"),
			OPTION(FLAG, "all", NULL, "with the reasons that never occurred"),
		},
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
		.args = {
			NAMED(true, "service", "NAME", SERVICE, "this service alone"),
			WORKER_NUMBER(true),
		},
	},
	[API_COMMAND_SHOW_TIMERS] = {
		.name = "show timers",
		.help = "how many timers of each name run, and how long they are",
		.text = "Prints for each worker how many of the timers A to M run, and of Tandem's own: "
			"100 (the 100 of a non-INVITE request), cancel (a cancelled INVITE without a "
			"final response), next (a silent target due for company). Then the durations "
			"of each service, and of each pool that has its own. Timers have a resolution "
			"of 1 ms and are never early.",
		.args = {
			NAMED(true, "service", "NAME", SERVICE, "durations of this service alone"),
			NAMED(true, "pool", "NAME", POOL, "durations of this pool alone"),
			WORKER_NUMBER(true),
		},
	},
	[API_COMMAND_SHOW_TXNS] = {
		.name = "show txns",
		.help = "live transactions: state, method, Call-ID, age, target, timers",
		.text = "Prints transactions that live now, worker by worker and slot by slot, until "
			"--limit are found. AGE is the time since the request came, DUE the time to "
			"the next of the timers that run. What an option asks for must all be so. "
			"The table is walked while traffic runs, a part at a time: what comes and "
			"goes meanwhile may be missed.",
		.args = {
			NAMED(true, "service", "NAME", SERVICE, "of this service"),
			NAMED(true, "target", "NAME", TARGET, "sent to this target"),
			CHOICE("state", "STATE",
			       "trying|calling|proceeding|completed|confirmed|accepted|terminated",
			       "in this state at either side"),
			NAMED(true, "method", "METHOD", METHOD, "of this method"),
			OPTION(STRING, "call_id", "CALL-ID", "of this call"),
			COUNTED("older_ms", "MS", 0, "at least so old"),
			WORKER_NUMBER(true),
			COUNTED("limit", "N", 1, "at most so many; 100 unless given"),
		},
	},
	[API_COMMAND_SHOW_MEMORY] = {
		.name = "show memory",
		.help = "transactions, tombstones, retained copies, control plane",
		.text = "Prints how full each worker's tables are and what of them is kept for requests "
			"within dialogs, the copies of messages by what they are kept for, packet "
			"buffers, and what the control plane uses.",
		.args = { WORKER_NUMBER(true) },
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
	[API_COMMAND_SHOW_BLACKLIST] = {
		.name = "show blacklist",
		.help = "targets that are avoided, why, and when they return",
		.text = "Prints each target that is listed, or half-open: a probe or one call tries "
			"before all return. Targets that are down by their probes are not listed; "
			"show targets has them.",
		.args = {
			NAMED(true, "pool", "NAME", POOL, "of this pool alone"),
			OPTION(STRING, "target", "NAME", "targets of this name alone"),
			CHOICE("cause", "CAUSE",
			       "timeout|transport-error|failures|503|no-invite|by-hand",
			       "listed for this alone"),
		},
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
	[API_COMMAND_BLACKLIST_ADD] = {
		.name = "blacklist add",
		.help = "keep new calls away from a target, as if it had failed",
		.text = "Puts a target on the blacklist by hand, for a time or until it is removed. "
			"Dialogs go on; it starts slowly when it returns. Unlike target maint, which "
			"is a wish, this is what was observed: in a pool that panics it does not "
			"count. Gone with a restart.",
		.args = {
			TARGET_NAME,
			OPTION(STRING, "for", "DURATION", "so long, 30s or 5m; left out: until removed"),
			OPTION(STRING, "reason", "TEXT", "told in show blacklist and in events"),
		},
	},
	[API_COMMAND_BLACKLIST_REMOVE] = {
		.name = "blacklist remove",
		.help = "take a target off the blacklist",
		.text = "Takes a target off the blacklist, whatever put it there, and forgets how "
			"often it was on it. It starts slowly.",
		.args = { TARGET_NAME },
	},
	[API_COMMAND_BLACKLIST_CLEAR] = {
		.name = "blacklist clear",
		.help = "take all targets off the blacklist",
		.text = "Takes all targets, or those of a pool, off the blacklist.",
		.args = { NAMED(false, "pool", "POOL", POOL, "targets of this pool alone") },
	},
	[API_COMMAND_EXPLAIN] = {
		.name = "explain",
		.reads = true,
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
			NAMED(true, "interface", "NAME", INTERFACE, "interface it arrives by"),
		},
	},
	[API_COMMAND_TRACE] = {
		.name = "trace",
		.help = "follow a call, a target or a rule live, each decision with its reason",
		.text = "Prints every message that fits, as it passes, with the worker, from where to "
			"where, its verdict with reason and clause, and what was decided: which "
			"target of which pool by which policy, fail-over, timers. What an option "
			"asks for must all be so. A message is taken with all that it caused to be "
			"sent, a timer that runs out with what it sends. Ends after --count messages "
			"or --seconds, or on ^C. Workers copy, and never wait: what finds no room "
			"is counted.",
		.args = {
			FOLLOWED(false, "call_id", "CALL-ID", NONE, "the call with this Call-ID"),
			FOLLOWED(true, "target", "NAME", TARGET, "what goes to this target or comes from it"),
			FOLLOWED(true, "rule", "REASON", REASON, "verdicts of this reason, as in show drops"),
			FOLLOWED(true, "method", "METHOD", METHOD, "requests of this method, and responses"),
			FOLLOWED(true, "from", "ADDRESS", NONE, "messages received from this address"),
			COUNTED("count", "N", 1, "end after so many messages; 1000 unless given"),
			COUNTED("seconds", "N", 1, "end after so long; 60 unless given, at most 3600"),
			OPTION(FLAG, "full", NULL, "print the messages too, up to 8192 octets each"),
		},
	},
	[API_COMMAND_CAPTURE_START] = {
		.name = "capture start",
		.help = "write frames, received and sent, to a pcapng file",
		.text = "Starts a capture on all interfaces. tcpdump does not see these frames: they "
			"never reach the kernel. FILE is written by tandemd, with its rights. What an "
			"option asks for must all be so, and is asked by the workers before they copy: "
			"a capture of one call costs others next to nothing. Of a fragmented message "
			"the first fragment alone names the call.",
		.args = {
			{ .kind = API_ARG_PATH, .is_required = true, .key = "path", .value_name = "FILE",
			  .help = "file to write; replaced if it exists", .names = API_NAMES_FILE },
			{ .kind = API_ARG_NUMBER, .is_option = true, .min = 1, .key = "packets",
			  .value_name = "N", .help = "stop writing after so many packets" },
			OPTION(STRING, "call_id", "CALL-ID", "messages of this call alone"),
			OPTION(STRING, "host", "ADDRESS", "what this address sends or receives alone"),
			NAMED(true, "target", "NAME", TARGET, "what goes to this target or comes from it alone"),
			NAMED(true, "method", "METHOD", METHOD, "requests of this method, and responses, alone"),
			COUNTED("snaplen", "N", 64, "write so many octets of a frame; all unless given"),
		},
	},
	[API_COMMAND_CAPTURE_STOP] = {
		.name = "capture stop",
		.help = "end the capture and tell how much was written",
		.text = "Ends the capture.",
	},
	[API_COMMAND_TOP] = {
		.name = "top",
		.reads = true,
		.help = "a live screen: targets, rates, delays, drops",
		.text = "Shows each target with the operator's wish and what was observed, calls, open "
			"requests, requests a second, failures and delays; each worker's load; and "
			"why packets are dropped, since the start and now. Rates are those between two "
			"looks. Keys: q quits, s sorts by the next column, r turns the order round, "
			"space looks at once, + and - change the time between two looks. Without a "
			"terminal, or with --once, prints one screen; with --json, an object a look.",
		.args = {
			NAMED(true, "pool", "NAME", POOL, "the targets of this pool alone"),
			LOCAL_OPTION(FLAG, "once", NULL, "print one screen and end"),
			{ .kind = API_ARG_NUMBER, .scope = API_ARG_LOCAL, .is_option = true, .min = 1,
			  .key = "interval", .value_name = "SECONDS",
			  .help = "between two looks; 2 unless given" },
			{ .kind = API_ARG_STRING, .scope = API_ARG_LOCAL, .is_option = true,
			  .key = "sort", .value_name = "COLUMN",
			  .choices = "name|calls|open|rate|failed|delay",
			  .help = "the column that orders the targets" },
		},
	},
	[API_COMMAND_EVENTS] = {
		.name = "events",
		.reads = true,
		.help = "follow what happens: start, stop, targets, capture, dialogs",
		.text = "Prints the latest events, then every further one as it happens, until "
			"interrupted.",
		.args = {
			LOCAL_OPTION(NUMBER, "count", "N", "end after N further events"),
			{ .kind = API_ARG_STRING, .scope = API_ARG_LOCAL, .is_option = true,
			  .key = "kind", .value_name = "KIND",
			  .choices = "start|stop|config|target|health|panic|dns|agent|capture|control|"
				     "peer|cseq|ack",
			  .help = "events of this kind alone" },
		},
	},
	[API_COMMAND_SHOW_CLIENTS] = {
		.name = "show clients",
		.help = "who is connected to the control socket, and with what rights",
		.text = "Prints each client of the control socket: what it calls itself, where it "
			"comes from, whether it may change things (all) or look alone (read), the "
			"name of its key if it is remote, and what waits for it.",
		.args = {
			OPTION(STRING, "name", "TEXT", "those with TEXT in their name alone"),
			CHOICE("role", "ROLE", "client|agent", "those of this role alone"),
			CHOICE("access", "ACCESS", "all|read", "those with these rights alone"),
		},
	},
	[API_COMMAND_SHOW_AGENTS] = {
		.name = "show agents",
		.help = "helper processes, what they provide, and how they fare",
		.text = "Prints each configured agent: its state (starting, running, ending, waiting "
			"to be started again), process, restarts, why it ended last, and what it "
			"provided, with its age. What an agent provided stays in use when it dies.",
		.args = {
			OPTION(STRING, "name", "NAME", "this agent alone"),
			CHOICE("state", "STATE", "waiting|starting|running|ending|ended",
			       "those in this state alone"),
			NAMED(true, "pool", "POOL", POOL, "those that provide for this pool alone"),
		},
	},
	[API_COMMAND_AGENT_RESTART] = {
		.name = "agent restart",
		.help = "end an agent and start it anew at once",
		.text = "Asks the agent to end, and after its time limit makes it; then starts it "
			"without the delay that failures have brought about.",
		.args = { POSITIONAL(STRING, "name", "NAME", "name of the agent") },
	},
};
