/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tandem-agent-file: targets out of a file that is watched.  An agent (control/api/README.md): it
 * is started by tandemd, says hello with its token, sends the pools that it is asked for, and
 * again whenever the file changes.  A file that cannot be read or has a mistake is told, and what
 * was sent last stays.  One thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "agent_file/targets_file.h"
#include "api/protocol.h"

#define FILE_MAX_OCTETS (4 * 1024 * 1024)
#define WORKS_MAX       256
#define ROWS_BATCH      500
#define POLL_MS         1000
/* tandemd asks for a sign of life every 5 s: if it does not, it has gone. */
#define SILENCE_S       60
#define LINGER_MS       200

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

struct work {
	json_int_t number;
	char *pool;
};

struct agent {
	const char *path;
	void *zmq, *socket;
	int watch;             /* inotify; -1: the file is looked at every second */
	struct stat seen;      /* of the file as it was read last */
	bool is_read;
	json_t *pools;         /* the last good content; NULL: none yet */
	char error[512];       /* of the last reading; "": none */
	struct work works[WORKS_MAX];
	size_t work_count;
	time_t heard;
};

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void say(struct agent *agent, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	if (text)
		(void)zmq_send(agent->socket, text, strlen(text), ZMQ_DONTWAIT);
	free(text);
	json_decref(message);
}

static void say_log(struct agent *agent, const char *level, const char *text)
{
	say(agent, json_pack("{s:{s:s, s:s}}", "log", "level", level, "text", text));
}

/* The file. */

static char *file_read(const char *path, size_t *len, struct stat *status, char *error, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;

	if (fd < 0 || fstat(fd, status) < 0) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(status->st_mode) || status->st_size > FILE_MAX_OCTETS) {
		snprintf(error, size, "%s: no regular file of at most %d octets", path,
			 FILE_MAX_OCTETS);
	} else {
		text = malloc(FILE_MAX_OCTETS + 1);
		ssize_t got = text ? read(fd, text, FILE_MAX_OCTETS + 1) : -1;
		if (got < 0 || got > FILE_MAX_OCTETS) {
			snprintf(error, size, "%s: cannot be read", path);
			free(text);
			text = NULL;
		}
		*len = text ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static bool file_has_changed(const struct agent *agent)
{
	struct stat now = { 0 };

	(void)stat(agent->path, &now);
	return !agent->is_read || now.st_ino != agent->seen.st_ino ||
	       now.st_size != agent->seen.st_size ||
	       now.st_mtim.tv_sec != agent->seen.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != agent->seen.st_mtim.tv_nsec;
}

/* NULL: with a sentence in agent->error. */
static json_t *file_load(struct agent *agent)
{
	json_t *pools = NULL;
	size_t len = 0;

	memset(&agent->seen, 0, sizeof(agent->seen));
	char *text = file_read(agent->path, &len, &agent->seen, agent->error, sizeof(agent->error));
	agent->is_read = true;
	if (text)
		pools = targets_file_parse(agent->path, span_of(text, len), agent->error,
					   sizeof(agent->error));
	free(text);
	return pools;
}

/* What is asked for. */

static void work_send_error(struct agent *agent, const struct work *work)
{
	say(agent, json_pack("{s:I, s:{s:s}}", "work", work->number, "error", "text",
			     agent->error));
}

static void work_send(struct agent *agent, const struct work *work)
{
	const json_t *rows = json_object_get(agent->pools, work->pool);
	size_t count = json_array_size(rows), sent = 0;

	if (!agent->pools)
		return;
	do {
		json_t *part = json_array();
		for (size_t i = 0; i < ROWS_BATCH && sent < count; i++)
			json_array_append(part, json_array_get(rows, sent++));
		say(agent, json_pack("{s:I, s:{s:o, s:b}}", "work", work->number, "partial",
				     "targets", part, "complete", (int)(sent == count)));
	} while (sent < count);
}

static bool pool_is_asked_for(const struct agent *agent, const char *pool)
{
	for (size_t i = 0; i < agent->work_count; i++) {
		if (strcmp(agent->works[i].pool, pool) == 0)
			return true;
	}
	return false;
}

static void tell_strangers(struct agent *agent)
{
	const char *pool;
	json_t *rows;
	char text[512];

	json_object_foreach(agent->pools, pool, rows) {
		if (pool_is_asked_for(agent, pool))
			continue;
		snprintf(text, sizeof(text), "%s has %zu targets for pool %.60s, which nobody asks for",
			 agent->path, json_array_size(rows), pool);
		say_log(agent, "warning", text);
	}
}

static void file_look(struct agent *agent)
{
	if (!file_has_changed(agent))
		return;
	json_t *pools = file_load(agent);
	if (pools) {
		json_decref(agent->pools);
		agent->pools = pools;
		agent->error[0] = '\0';
	}
	for (size_t i = 0; i < agent->work_count; i++) {
		if (pools)
			work_send(agent, &agent->works[i]);
		else
			work_send_error(agent, &agent->works[i]);
	}
	if (pools && agent->work_count)
		tell_strangers(agent);
}

static void take_work(struct agent *agent, const json_t *message)
{
	const json_t *number = json_object_get(message, "work");
	const char *what = json_string_value(json_object_get(message, "do"));
	const char *pool = json_string_value(
		json_object_get(json_object_get(message, "args"), "pool"));
	const char *refused = json_string_value(
		json_object_get(json_object_get(message, "refused"), "text"));

	if (refused) {
		say_log(agent, "error", refused);
		return;
	}
	if (!what || strcmp(what, "targets") != 0 || !pool || agent->work_count == WORKS_MAX) {
		say(agent, json_pack("{s:O, s:{s:s}}", "work", number, "error", "text",
				     "this agent provides targets and nothing else"));
		return;
	}
	struct work *work = &agent->works[agent->work_count];
	*work = (struct work){ .number = json_integer_value(number), .pool = strdup(pool) };
	if (!work->pool)
		return;
	agent->work_count++;
	work_send(agent, work);
	if (agent->error[0])
		work_send_error(agent, work);
}

/* False: it is over. */
static bool take_message(struct agent *agent, const json_t *message)
{
	const json_t *ping = json_object_get(message, "ping");
	const json_t *error = json_object_get(message, "error");

	agent->heard = now_s();
	if (ping)
		say(agent, json_pack("{s:O}", "pong", ping));
	else if (json_object_get(message, "work"))
		take_work(agent, message);
	else if (error)
		fprintf(stderr, "tandemd says: %s\n",
			json_string_value(json_object_get(error, "text")));
	if (!json_object_get(message, "end"))
		return true;
	say(agent, json_pack("{s:b}", "bye", 1));
	return false;
}

/* False: it is over. */
static bool take_messages(struct agent *agent)
{
	zmq_msg_t frame;
	bool goes_on = true;

	zmq_msg_init(&frame);
	while (goes_on && zmq_msg_recv(&frame, agent->socket, ZMQ_DONTWAIT) >= 0) {
		json_t *message = json_loadb(zmq_msg_data(&frame), zmq_msg_size(&frame), 0, NULL);
		if (message)
			goes_on = take_message(agent, message);
		json_decref(message);
	}
	zmq_msg_close(&frame);
	return goes_on;
}

/* The folder, not the file: editors put a new file in the old one's place. */
static int watch_open(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (fd >= 0 && inotify_add_watch(fd, folder[0] ? folder : "/",
					 IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
						 IN_CREATE | IN_ATTRIB) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void watch_empty(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

static int run(struct agent *agent)
{
	zmq_pollitem_t items[] = {
		{ .socket = agent->socket, .events = ZMQ_POLLIN },
		/* Its other end is tandemd's: an error means that it has gone. */
		{ .fd = STDERR_FILENO, .events = ZMQ_POLLERR },
		{ .fd = agent->watch, .events = ZMQ_POLLIN },
	};
	int count = agent->watch < 0 ? 2 : 3;

	for (;;) {
		if (zmq_poll(items, count, POLL_MS) < 0 && zmq_errno() != EINTR)
			return EXIT_FAILED;
		if ((items[1].revents & ZMQ_POLLERR) || now_s() - agent->heard > SILENCE_S)
			return EXIT_FAILED;
		if (!take_messages(agent))
			return EXIT_DONE;
		if (count == 3 && (items[2].revents & ZMQ_POLLIN))
			watch_empty(agent->watch);
		file_look(agent);
	}
}

static int serve(const char *path, const char *socket, const char *name, const char *token)
{
	struct agent agent = { .path = path, .heard = now_s() };
	int linger = LINGER_MS, status = EXIT_FAILED;

	agent.zmq = zmq_ctx_new();
	agent.socket = agent.zmq ? zmq_socket(agent.zmq, ZMQ_DEALER) : NULL;
	agent.watch = watch_open(path);
	if (!agent.socket || zmq_connect(agent.socket, socket) < 0) {
		fprintf(stderr, "cannot use the control socket %s: %s\n", socket,
			zmq_strerror(zmq_errno()));
	} else {
		zmq_setsockopt(agent.socket, ZMQ_LINGER, &linger, sizeof(linger));
		say(&agent, json_pack("{s:{s:i, s:s, s:s, s:s, s:s}}", "hello", "version", API_VERSION,
				      "client", "tandem-agent-file", "role", "agent", "agent", name,
				      "token", token));
		status = run(&agent);
	}
	if (agent.watch >= 0)
		close(agent.watch);
	for (size_t i = 0; i < agent.work_count; i++)
		free(agent.works[i].pool);
	json_decref(agent.pools);
	if (agent.socket)
		zmq_close(agent.socket);
	if (agent.zmq)
		zmq_ctx_term(agent.zmq);
	return status;
}

static int check(const char *path)
{
	struct agent agent = { .path = path };
	json_t *pools = file_load(&agent);
	const char *pool;
	json_t *rows;

	if (!pools) {
		fprintf(stderr, "%s\n", agent.error);
		return EXIT_FAILED;
	}
	json_object_foreach(pools, pool, rows)
		printf("%s: %zu targets\n", pool, json_array_size(rows));
	json_decref(pools);
	return EXIT_DONE;
}

static void help(void)
{
	puts("Usage: tandem-agent-file FILE            (started by tandemd)\n"
	     "       tandem-agent-file --check FILE\n\n"
	     "Gives tandemd the targets that FILE lists, and again whenever it changes. A line each:\n\n"
	     "  POOL NAME sip:ADDRESS:PORT [priority N] [weight N] [calls-max N] [rate-max N]\n\n"
	     "# begins a comment. A file with a mistake is refused as a whole, with FILE:LINE, and\n"
	     "what was listed before stays. Write a new file and rename it: a file that is read\n"
	     "half written may be valid.\n\n"
	     "      --check       check FILE and exit: 0 valid, 1 not\n"
	     "      --version     print the version\n"
	     "  -h, --help        this text\n\n"
	     "In the configuration of tandemd:\n\n"
	     "  agents:\n"
	     "    - name: list\n"
	     "      command: [tandem-agent-file, /etc/tandem/targets]   # with its absolute path\n"
	     "      pools: [switches]");
}

static int usage(const char *sentence)
{
	fprintf(stderr, "tandem-agent-file: %s; see tandem-agent-file --help\n", sentence);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'c' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *socket = getenv("TANDEM_SOCKET"), *name = getenv("TANDEM_AGENT");
	const char *token = getenv("TANDEM_TOKEN");
	bool wants_check = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			wants_check = true;
			break;
		case 'v':
			puts("tandem-agent-file " TANDEM_VERSION);
			return EXIT_DONE;
		case 'h':
			help();
			return EXIT_DONE;
		default:
			return usage("unknown option");
		}
	}
	if (optind + 1 != argc)
		return usage("one FILE is needed");
	if (wants_check)
		return check(argv[optind]);
	if (!socket || !name || !token)
		return usage("TANDEM_SOCKET, TANDEM_AGENT and TANDEM_TOKEN are missing: it is "
			     "started by tandemd, or with --check");
	return serve(argv[optind], socket, name, token);
}
