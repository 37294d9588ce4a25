/* SPDX-License-Identifier: BSD-3-Clause */
/* ctl/: words to calls, completion, tables, help. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/arguments.h"
#include "ctl/field.h"
#include "ctl/help.h"
#include "ctl/render.h"
#include "ctl/render_trace.h"
#include "ctl/table.h"

#define WORDS_MAX 16

/* Blanks separate words. */
static int split(char *line, const char **words)
{
	int count = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	return count;
}

static bool parse(const char *text, struct ctl_call *call, char why[CTL_WHY_MAX])
{
	char line[512];
	const char *words[WORDS_MAX];

	snprintf(line, sizeof(line), "%s", text);
	return ctl_call_parse(split(line, words), words, call, why, CTL_WHY_MAX);
}

static void assert_call(const char *text, enum api_command_id id, const char *args)
{
	struct ctl_call call;
	char why[CTL_WHY_MAX] = "";

	if (!parse(text, &call, why))
		fail_msg("'%s': %s", text, why);
	char *is = json_dumps(call.args, JSON_COMPACT | JSON_SORT_KEYS);
	assert_int_equal(call.id, id);
	assert_string_equal(is, args);
	free(is);
	ctl_call_release(&call);
}

static void words_become_a_command_and_arguments(void **)
{
	assert_call("show status", API_COMMAND_SHOW_STATUS, "{}");
	assert_call("show targets --pool p", API_COMMAND_SHOW_TARGETS, "{\"pool\":\"p\"}");
	assert_call("show targets --pool=p", API_COMMAND_SHOW_TARGETS, "{\"pool\":\"p\"}");
	assert_call("show workers --stages", API_COMMAND_SHOW_WORKERS, "{\"stages\":true}");
	assert_call("show drops --drops-only", API_COMMAND_SHOW_DROPS, "{\"drops_only\":true}");
	assert_call("target drain p/t", API_COMMAND_TARGET_DRAIN, "{\"name\":\"p/t\"}");
	assert_call("target drain -- --odd", API_COMMAND_TARGET_DRAIN, "{\"name\":\"--odd\"}");
	assert_call("capture start /tmp/x --packets 5", API_COMMAND_CAPTURE_START,
		    "{\"packets\":5,\"path\":\"/tmp/x\"}");
	assert_call("capture start --packets 5 /tmp/x", API_COMMAND_CAPTURE_START,
		    "{\"packets\":5,\"path\":\"/tmp/x\"}");
	/* What tandemctl itself acts on is not sent. */
	assert_call("events --count 3", API_COMMAND_EVENTS, "{}");
}

static void json_and_help_are_taken_anywhere(void **)
{
	struct ctl_call call;
	char why[CTL_WHY_MAX];

	assert_true(parse("target drain --help", &call, why));
	assert_true(call.wants_help && !call.wants_json);
	ctl_call_release(&call);
	assert_true(parse("target drain x --json", &call, why));
	assert_true(!call.wants_help && call.wants_json);
	ctl_call_release(&call);
}

static void options_of_tandemctl_are_taken_behind_the_command(void **)
{
	static const char *const lines[] = {
		"show targets --json --socket /x --timeout 7 --pool p",
		"show targets -j -s /x -t 7 --pool p",
		"show targets --socket=/x --pool=p --timeout=7 -j",
		"show targets -s/x --pool p -t7 -j",
	};
	struct ctl_call call;
	char why[CTL_WHY_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!parse(lines[i], &call, why))
			fail_msg("'%s': %s", lines[i], why);
		assert_true(call.wants_json && !call.wants_help);
		assert_string_equal(call.endpoint, "ipc:///x");
		assert_int_equal(call.timeout_ms, 7000);
		assert_string_equal(api_arg_string(call.args, "pool"), "p");
		ctl_call_release(&call);
	}
	assert_true(parse("show targets", &call, why));
	assert_true(!call.wants_json && !call.endpoint[0] && !call.timeout_ms);
	ctl_call_release(&call);
	/* What the command itself calls so stays its own. */
	assert_true(parse("explain --call-ids /dev/null --source 192.0.2.1", &call, why));
	assert_string_equal(call.endpoint, "");
	assert_string_equal(api_arg_string(call.args, "source"), "192.0.2.1");
	ctl_call_release(&call);
}

static void wrong_words_are_told_with_what_is_accepted(void **)
{
	static const struct {
		const char *line, *part;
	} cases[] = {
		{ "frobnicate", "there is no command 'frobnicate'" },
		{ "show", "which one: show status, show services" },
		{ "show frob", "there is no command 'show frob'; which one: show status" },
		{ "show frob", "; see tandemctl --help" },
		{ "show drosp", "there is no command 'show drosp'; did you mean 'show drops'? see" },
		{ "shwo drops", "there is no command 'shwo drops'; did you mean 'show drops'?" },
		{ "targets drian a", "'targets drian'; did you mean 'target drain'?" },
		{ "shwo", "there is no command 'shwo'; did you mean 'show'?" },
		{ "shwo frob", "there is no command 'shwo frob'; did you mean 'show'?" },
		{ "explian x", "did you mean 'explain'?" },
		{ "target", "which one: target ready, target drain, target maint" },
		{ "show status --frob", "'show status' has no option --frob" },
		{ "show status extra", "'show status' does not take 'extra'" },
		{ "show targets --pool", "--pool needs a value: NAME" },
		{ "show drops --drops-only=1", "--drops-only takes no value" },
		{ "show drops -s", "-s needs a value: ENDPOINT" },
		{ "show drops --json=1", "--json takes no value" },
		{ "show drops -s nonsense", "'nonsense' is no control socket" },
		{ "show drops -t 0.5", "accepted: whole seconds, 1 to 86400" },
		{ "target drain", "'target drain' needs NAME: POOL/TARGET" },
		{ "capture start", "'capture start' needs FILE: file to write" },
		{ "explain", "'explain' needs FILE or --call-ids FILE" },
		{ "explain --source 192.0.2.1", "'explain' needs FILE or --call-ids FILE" },
		{ "target drain a b", "'target drain' does not take 'b'" },
		{ "capture start /x --packets many", "'many' is not N for --packets; accepted: whole" },
		{ "capture start /x --packets 0", "whole numbers, 1 to 9007199254740991" },
		{ "capture start /x --packets -1", "'-1' is not N for --packets" },
		{ "events --count x", "whole numbers, 0 to 9007199254740991" },
		{ "events --kind weather", "'weather' is not KIND for --kind; accepted: start|stop" },
		{ "explain /nonexistent/file", "cannot read /nonexistent/file: No such file" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ctl_call call;
		char why[CTL_WHY_MAX] = "";
		assert_false(parse(cases[i].line, &call, why));
		if (!strstr(why, cases[i].part))
			fail_msg("'%s' said: %s", cases[i].line, why);
	}
}

static void files_become_contents_and_lists(void **)
{
	char path[] = "/tmp/tandem-ctl-XXXXXX", line[64], why[CTL_WHY_MAX];
	struct ctl_call call;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, "a@x\r\n\n  b \n\xffz\n", 14), 14);
	close(fd);
	snprintf(line, sizeof(line), "explain %s", path);
	assert_true(parse(line, &call, why));
	char bytes[32];
	const char *text = api_arg_string(call.args, "message");
	assert_int_equal(text_parse_base64url(span_of_string(text), bytes, sizeof(bytes)), 14);
	assert_memory_equal(bytes, "a@x\r\n\n  b \n\xffz\n", 14);
	ctl_call_release(&call);

	snprintf(line, sizeof(line), "explain --call-ids %s", path);
	assert_false(parse(line, &call, why));
	assert_non_null(strstr(why, "line 3"));
	assert_int_equal(truncate(path, 11), 0);
	assert_true(parse(line, &call, why));
	char *list = json_dumps(call.args, JSON_COMPACT);
	assert_string_equal(list, "{\"call_ids\":[\"a@x\",\"b\"]}");
	free(list);
	ctl_call_release(&call);
	unlink(path);
}

static void a_relative_path_is_made_absolute(void **)
{
	struct ctl_call call;
	char why[CTL_WHY_MAX], directory[512], wanted[600];

	assert_non_null(getcwd(directory, sizeof(directory)));
	snprintf(wanted, sizeof(wanted), "%s/x.pcapng", directory);
	assert_true(parse("capture start x.pcapng", &call, why));
	assert_string_equal(api_arg_string(call.args, "path"), wanted);
	ctl_call_release(&call);
}

/* What `print` writes to a stream.  Not inlined: gcc 12 takes the buffer that the stream hands out
 * for the variable that holds it. */
static NO_INLINE char *printed(void (*print)(FILE *out, const void *context), const void *context)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	print(out, context);
	fclose(out);
	return text;
}

static void print_table(FILE *out, const void *context)
{
	table_print(context, out);
}

static void columns_align_by_characters_without_trailing_blanks(void **)
{
	struct table table;
	static const char *const cells[] = { "sw1", "7", "§ 3", "a longer one", "12345", "" };

	table_init(&table);
	table_add_column(&table, "NAME", false);
	table_add_column(&table, "COUNT", true);
	table_add_column(&table, "µs", false);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		table_add_cell(&table, cells[i]);
	char *text = printed(print_table, &table);
	assert_string_equal(text, "NAME          COUNT  µs\n"
				  "sw1               7  § 3\n"
				  "a longer one  12345\n");
	assert_int_equal(table_text_width("µs § x"), 6);
	free(text);
	table_fini(&table);
}

static void fields_are_formatted_by_kind(void **)
{
	json_t *body = json_pack("{s:{s:i}, s:f, s:[ss], s:n, s:s, s:b}", "a", "b", 1536, "r", 0.25,
				 "l", "x", "y", "n", "e", "", "t", 1);
	char text[FIELD_TEXT_MAX];
	static const struct {
		const char *path;
		enum field_kind kind;
		const char *wanted;
	} cases[] = {
		{ "a.b", FIELD_COUNT, "1536" },	    { "a.b", FIELD_OCTETS, "1.5 KiB" },
		{ "a.b", FIELD_US, "1.5" },	    { "a.b", FIELD_SECONDS, "00:25:36" },
		{ "a.b", FIELD_TEXT, "1536" },	    { "r", FIELD_PERCENT, "25.0%" },
		{ "r", FIELD_REAL, "0.2" },	    { "l", FIELD_LIST, "x,y" },
		{ "n", FIELD_COUNT, "-" },	    { "missing", FIELD_TEXT, "-" },
		{ "a.missing", FIELD_COUNT, "-" },  { "missing.b", FIELD_COUNT, "-" },
		{ "e", FIELD_TEXT, "-" },	    { "t", FIELD_YES_NO, "yes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(field_format(body, cases[i].path, cases[i].kind, text),
				    cases[i].wanted);
	json_decref(body);
	body = json_pack("{s:i}", "s", 90061);
	assert_string_equal(field_format(body, "s", FIELD_SECONDS, text), "1d 01:01:01");
	json_decref(body);
}

struct answer {
	enum api_command_id id;
	const char *json;
};

static void print_answer(FILE *out, const void *context)
{
	const struct answer *answer = context;
	json_t *body = json_loads(answer->json, 0, NULL);

	assert_non_null(body);
	ctl_render(answer->id, body, out);
	json_decref(body);
}

static void assert_rendered(enum api_command_id id, const char *json, const char *wanted)
{
	const struct answer answer = { id, json };
	char *text = printed(print_answer, &answer);

	assert_string_equal(text, wanted);
	free(text);
}

static void print_event(FILE *out, const void *context)
{
	ctl_render_event(context, out);
}

static void print_traced(FILE *out, const void *context)
{
	ctl_render_traced(context, out);
}

static void print_trace_end(FILE *out, const void *context)
{
	ctl_render_trace_end(context, out);
}

static void assert_printed(void (*print)(FILE *, const void *), const char *json,
			   const char *wanted)
{
	json_t *body = json_loads(json, 0, NULL);

	assert_non_null(body);
	char *text = printed(print, body);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(body);
}

static void events_are_a_line_each(void **)
{
	assert_printed(print_event, "{\"time\":\"T\",\"kind\":\"start\",\"text\":\"up\"}",
		       "T start: up\n");
}

static void a_traced_message_is_told_with_verdict_and_decisions(void **)
{
	assert_printed(print_traced,
		       "{\"time\":\"2026-01-31T12:00:01.123Z\",\"time_ns\":1769860801123456789,"
		       "\"worker\":1,\"direction\":\"in\",\"from\":\"a:1\",\"to\":\"b:2\","
		       "\"start_line\":\"INVITE sip:x SIP/2.0\",\"call_id\":\"c\","
		       "\"cseq\":\"1 INVITE\",\"length\":321,\"verdict\":\"forward\","
		       "\"reason\":\"INITIAL_REQUEST\",\"help\":\"h\",\"clause\":\"RFC 3261 §16.6\","
		       "\"decisions\":[{\"text\":\"pool p: chose t\"}],\"message\":\"one\\r\\ntwo\"}",
		       "12:00:01.123456 w1 <- a:1 > b:2  INVITE sip:x SIP/2.0\n"
		       "                   Call-ID c, CSeq 1 INVITE, 321 octets\n"
		       "                   forward INITIAL_REQUEST: h, RFC 3261 §16.6\n"
		       "                   pool p: chose t\n"
		       "                   | one\n"
		       "                   | two\n");
	assert_printed(print_traced,
		       "{\"time\":\"2026-01-31T12:00:01.123Z\",\"time_ns\":1000,\"worker\":0,"
		       "\"direction\":\"out\",\"from\":\"a:1\",\"to\":\"b:2\","
		       "\"start_line\":\"SIP/2.0 100 Trying\",\"call_id\":\"c\",\"cseq\":\"1 INVITE\","
		       "\"length\":3,\"origin\":\"own\",\"decisions\":[]}",
		       "12:00:01.000001 w0 -> a:1 > b:2  SIP/2.0 100 Trying  (of our own)\n"
		       "                   Call-ID c, CSeq 1 INVITE, 3 octets\n");
	assert_printed(print_traced,
		       "{\"time\":\"2026-01-31T12:00:01.123Z\",\"time_ns\":0,\"worker\":0,"
		       "\"direction\":\"timer\",\"call_id\":\"c\","
		       "\"decisions\":[{\"text\":\"Timer A: INVITE sent again\"}]}",
		       "12:00:01.000000 w0 ** timer, Call-ID c\n"
		       "                   Timer A: INVITE sent again\n");
	assert_printed(print_trace_end, "{\"count\":1,\"dropped\":2,\"ended\":\"time\"}",
		       "1 message, 2 missed; ended by --seconds\n");
}

static void answers_become_tables_and_sentences(void **)
{
	assert_rendered(API_COMMAND_SHOW_POOLS,
			"{\"pools\":[{\"name\":\"p\",\"policy\":\"call-id-hash\",\"targets\":2,"
			"\"usable\":1,\"out\":1,\"panicking\":true,\"failover\":[\"timeout\",\"503\"],\"attempts\":3,"
			"\"try_next_after_ms\":1500}]}",
			"POOL  POLICY        TARGETS  USABLE  OUT  PANIC  FAIL-OVER ON  ATTEMPTS  NEXT AFTER ms\n"
			"p     call-id-hash        2       1    1  yes    timeout,503          3           1500\n");
	assert_rendered(API_COMMAND_SHOW_DNS,
			"{\"names\":[{\"name\":\"_sip._udp.a.b\",\"pools\":[\"p\",\"q\"],"
			"\"state\":\"stale\",\"records\":2,\"targets\":1,\"age_s\":75.25,"
			"\"ttl_s\":60.0,\"next_refresh_s\":null,\"failures\":3,"
			"\"last_error\":\"SRV records: no answer in time\",\"servers\":[{"
			"\"target\":\"sw1.a.b:5060@192.0.2.1\",\"host\":\"sw1.a.b\",\"port\":5060,"
			"\"address\":\"192.0.2.1\",\"priority\":10,\"weight\":60}]}],"
			"\"nameservers\":\"192.0.2.53:53\",\"lookups\":{\"started\":5,"
			"\"from_cache\":1,\"questions\":9,\"failures\":3}}",
			"NAME           POOLS  STATE  RECORDS  TARGETS  AGE s  TTL s  NEXT s  FAILED  "
			"LAST ERROR\n"
			"_sip._udp.a.b  p,q    stale        2        1   75.2   60.0       -       3  "
			"SRV records: no answer in time\n\n"
			"SRV RECORDS OF  PRIO  WEIGHT  PORT  ADDRESS    HOST\n"
			"_sip._udp.a.b     10      60  5060  192.0.2.1  sw1.a.b\n\n"
			"Name servers: 192.0.2.53:53\n"
			"Lookups: 5, 1 from the cache, 3 failed; questions asked: 9\n");
	assert_rendered(API_COMMAND_SHOW_BLACKLIST,
			"{\"blacklist\":[{\"pool\":\"p\",\"target\":\"sw1\",\"state\":\"listed\","
			"\"cause\":\"503\",\"reason\":\"503 with Retry-After: 7\",\"since_s\":2,"
			"\"returns_s\":5,\"in_a_row\":0,\"listed\":1,\"admin\":\"ready\"}]}",
			"POOL  TARGET  WISH   STATE   CAUSE       FOR   BACK IN  IN A ROW  LISTED  REASON\n"
			"p     sw1     ready  listed  503    00:00:02  00:00:05         0       1  503 with Retry-After: 7\n");
	assert_rendered(API_COMMAND_BLACKLIST_CLEAR, "{\"removed\":2}", "2 removed\n");
	assert_rendered(API_COMMAND_SHOW_DROPS,
			"{\"verdicts\":[{\"kind\":\"drop\",\"reason\":\"NOT_SIP\",\"count\":9,"
			"\"help\":\"no SIP\",\"clause\":\"\"}],\"sum\":9,\"received\":10,"
			"\"difference\":1}",
			"VERDICT  REASON   COUNT  MEANING  CLAUSE\n"
			"drop     NOT_SIP      9  no SIP   -\n"
			"Sum  9 verdicts, 10 packets received, difference 1\n");
	assert_rendered(API_COMMAND_SHOW_WORKERS,
			"{\"stages\":[{\"stage\":\"rx\",\"share\":0.25,\"cycles_per_message\":50,"
			"\"samples\":3,\"help\":\"receive\"},{\"stage\":\"tx\",\"share\":0.75,"
			"\"cycles_per_message\":150,\"samples\":4,\"help\":\"send\"}],"
			"\"total\":{\"share\":1.0,\"cycles_per_message\":200,\"samples\":7},"
			"\"sampled\":{\"passes\":3,\"messages\":5,\"broken_passes\":1,"
			"\"clock_share\":0.125}}",
			"STAGE   SHARE  CYCLES/MSG  SAMPLES  WHAT IT DOES\n"
			"rx      25.0%        50.0        3  receive\n"
			"tx      75.0%       150.0        4  send\n"
			"all    100.0%       200.0        7  -\n"
			"Sampled  3 passes with 5 messages; left out 1 in which something else had "
			"the core\n"
			"Clock    12.5% of their cycles are taken off for reading the clock\n");
	assert_rendered(API_COMMAND_TARGET_DRAIN,
			"{\"pool\":\"p\",\"target\":\"t\",\"before\":\"ready\",\"admin\":\"drain\","
			"\"changed\":true}",
			"p/t: drain, was ready\n");
	assert_rendered(API_COMMAND_TARGET_DRAIN,
			"{\"pool\":\"p\",\"target\":\"t\",\"admin\":\"drain\",\"changed\":false}",
			"p/t: drain already\n");
	assert_rendered(API_COMMAND_CAPTURE_STOP, "{\"path\":\"/x\",\"packets\":5,\"dropped\":1}",
			"5 packets in /x, 1 missed\n");
	assert_rendered(API_COMMAND_EXPLAIN,
			"{\"answers\":[{\"call_id\":\"a\",\"kind\":\"target\",\"pool\":\"p\","
			"\"target\":\"t\",\"next_hop\":\"1.2.3.4:5060\",\"reason\":\"R\"}]}",
			"CALL-ID  GOES    POOL  TARGET  NEXT HOP      REASON\n"
			"a        target  p     t       1.2.3.4:5060  R\n");
}

static void an_explanation_leaves_out_what_it_lacks(void **)
{
	assert_rendered(API_COMMAND_EXPLAIN,
			"{\"asked\":{\"source\":\"192.0.2.9:5060\",\"local\":\"192.0.2.1:5060\","
			"\"interface\":\"access\"},\"verdict\":\"drop\",\"reason\":\"NOT_SIP\","
			"\"help\":\"no SIP\",\"clause\":\"\",\"kind\":\"reject\",\"service\":null,"
			"\"pool\":null,\"target\":null,\"next_hop\":null,\"interface\":null,"
			"\"call_hash\":\"0000000000000000\",\"why\":\"first line\"}",
			"From       192.0.2.9:5060 to 192.0.2.1:5060 by access\n"
			"Verdict    drop NOT_SIP: no SIP\n"
			"Goes by    reject\n"
			"Why        first line\n");
	assert_rendered(API_COMMAND_EXPLAIN,
			"{\"verdict\":\"forward\",\"reason\":\"R\",\"help\":\"h\",\"clause\":\"c\","
			"\"service\":\"sip\",\"pool\":null,\"call_hash\":\"0000000000000001\"}",
			"Verdict    forward R: h (c)\n"
			"Service    sip\n"
			"Call hash  0000000000000001\n");
}

static void every_command_renders_an_empty_answer(void **)
{
	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++) {
		const struct answer answer = { (enum api_command_id)id, "{}" };
		char *text = printed(print_answer, &answer);
		assert_non_null(text);
		free(text);
	}
}

static void several_workers_get_a_row_for_all(void **)
{
	static const char json[] =
		"{\"workers\":[{\"worker\":0,\"messages\":1},{\"worker\":1,\"messages\":2}],"
		"\"total\":{\"messages\":3}}";
	const struct answer answer = { API_COMMAND_SHOW_WORKERS, json };
	char *text = printed(print_answer, &answer);
	const char *last = strstr(text, "\nall ");

	assert_non_null(last);
	assert_non_null(strstr(last, " 3 "));
	free(text);
}

static void print_help(FILE *out, const void *)
{
	ctl_help(out);
	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++)
		ctl_help_command((enum api_command_id)id, out);
}

static void print_manual(FILE *out, const void *)
{
	ctl_help_manual(out);
}

struct help_question {
	const char *words[3];
	int count;
	bool is_known;
	char why[CTL_WHY_MAX];
};

static void print_help_words(FILE *out, const void *context)
{
	struct help_question *question = (struct help_question *)(uintptr_t)context;

	question->is_known = ctl_help_words(question->count, question->words, out, question->why,
					    sizeof(question->why));
}

static void help_answers_for_all_for_a_command_and_for_a_group(void **)
{
	struct help_question questions[] = {
		{ { NULL }, 0, false, "" },
		{ { "show", "drops" }, 2, false, "" },
		{ { "target" }, 1, false, "" },
		{ { "drops" }, 1, false, "" },
	};
	static const char *const begins[] = { "Usage: tandemctl [--socket", "Usage: tandemctl show drops",
					      "  target ready ", "" };

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		char *text = printed(print_help_words, &questions[i]);
		assert_int_equal(questions[i].is_known, i < 3);
		assert_memory_equal(text, begins[i], strlen(begins[i]));
		assert_int_equal(strstr(text, "show drops") != NULL, i < 2);
		free(text);
	}
	assert_non_null(strstr(questions[3].why, "there is no command 'drops'"));
}

static void help_and_manual_name_every_command_and_option(void **)
{
	char *help = printed(print_help, NULL), *manual = printed(print_manual, NULL);

	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++) {
		char usage[256];
		assert_non_null(strstr(help, api_command_usage((enum api_command_id)id, usage,
							       sizeof(usage))));
		assert_non_null(strstr(help, api_commands[id].help));
		assert_non_null(strstr(manual, api_commands[id].name));
		assert_true(strlen(api_commands[id].text) > 10);
	}
	assert_non_null(strstr(manual, "\\-\\-call\\-ids FILE"));
	/* Manual lines never begin with text that roff takes for a request. */
	for (char *line = strtok(manual, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(line[0] != '\'' &&
			    (line[0] != '.' || strspn(line + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") > 0));
	/* Nothing is wider than a terminal, but for usage lines. */
	for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(strlen(line) <= 90 || strncmp(line, "Usage: ", 7) == 0);
	free(help);
	free(manual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_command_and_arguments),
		cmocka_unit_test(json_and_help_are_taken_anywhere),
		cmocka_unit_test(options_of_tandemctl_are_taken_behind_the_command),
		cmocka_unit_test(wrong_words_are_told_with_what_is_accepted),
		cmocka_unit_test(files_become_contents_and_lists),
		cmocka_unit_test(a_relative_path_is_made_absolute),
		cmocka_unit_test(columns_align_by_characters_without_trailing_blanks),
		cmocka_unit_test(fields_are_formatted_by_kind),
		cmocka_unit_test(answers_become_tables_and_sentences),
		cmocka_unit_test(events_are_a_line_each),
		cmocka_unit_test(a_traced_message_is_told_with_verdict_and_decisions),
		cmocka_unit_test(an_explanation_leaves_out_what_it_lacks),
		cmocka_unit_test(every_command_renders_an_empty_answer),
		cmocka_unit_test(several_workers_get_a_row_for_all),
		cmocka_unit_test(help_answers_for_all_for_a_command_and_for_a_group),
		cmocka_unit_test(help_and_manual_name_every_command_and_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
