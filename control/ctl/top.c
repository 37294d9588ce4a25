/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks, draws, listens to keys; see top.h. */
#include "ctl/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ctl/arguments.h"

#define INTERVAL_DEFAULT_MS 2000
#define INTERVAL_ONCE_MS    1000
#define INTERVAL_MIN_MS     500
#define INTERVAL_MAX_MS     60000

struct top {
	struct ctl_session *session;
	const struct ctl_call *call;
	json_t *before, *now;
	enum top_sort sort;
	bool reverse, wants_end;
	int interval_ms;
	struct termios terminal; /* as it was */
};

static void note_signal(int)
{
	ctl_interrupted = 1;
}

static void note_resize(int)
{
	/* It ends the wait: what is drawn next has the new size. */
}

static enum ctl_status top_look(struct top *top, char why[CTL_WHY_MAX])
{
	json_t *answer = NULL;
	enum ctl_status status = ctl_client_request(top->session->client, top->call->id,
						    top->call->args, &answer, why);

	if (status != CTL_OK)
		return status;
	json_decref(top->before);
	top->before = top->now;
	top->now = answer;
	return CTL_OK;
}

static void top_size_read(const struct top *top, struct top_size *size)
{
	struct winsize window;

	*size = (struct top_size){ .columns = 80, .lines = 24 };
	if (ioctl(fileno(top->session->out), TIOCGWINSZ, &window) == 0 && window.ws_col &&
	    window.ws_row) {
		size->columns = window.ws_col;
		size->lines = window.ws_row - 1; /* a line end in the last would scroll */
	}
}

static void top_draw(const struct top *top)
{
	json_t *view = top_view(top->before, top->now, top->sort, top->reverse);
	struct top_size size;

	top_size_read(top, &size);
	fputs("\033[H", top->session->out);
	top_screen(view, top->sort, &size, true, top->session->out);
	fputs("\033[J", top->session->out);
	fflush(top->session->out);
	json_decref(view);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* True: look at once. */
static bool top_key(struct top *top, char key)
{
	switch (key) {
	case 'q':
	case 'Q':
	case '\003':
	case '\004':
		top->wants_end = true;
		return true;
	case 's':
		top->sort = (top->sort + 1) % TOP_SORTS;
		break;
	case 'r':
		top->reverse = !top->reverse;
		break;
	case '+':
		top->interval_ms = MIN(top->interval_ms * 2, INTERVAL_MAX_MS);
		break;
	case '-':
		top->interval_ms = MAX(top->interval_ms / 2, INTERVAL_MIN_MS);
		break;
	case ' ':
		return true;
	default:
		return false;
	}
	top_draw(top);
	return false;
}

/* Until the next look is due, or a key asks for it. */
static void top_wait(struct top *top)
{
	const uint64_t end = now_ms() + (uint64_t)top->interval_ms;
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	for (uint64_t now; !ctl_interrupted && (now = now_ms()) < end;) {
		char key;
		int ready = poll(&input, 1, (int)(end - now));
		if (ready < 0 && errno == EINTR) {
			if (!ctl_interrupted)
				top_draw(top);
			continue;
		}
		if (ready <= 0)
			return;
		ssize_t len = read(STDIN_FILENO, &key, 1);
		if (len <= 0)
			top->wants_end = true;
		if (len <= 0 || top_key(top, key))
			return;
	}
}

/* The screen of its own, and keys one by one; given back whatever ends it. */
static enum ctl_status top_live(struct top *top, char why[CTL_WHY_MAX])
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction end = { .sa_handler = note_signal }, resize = { .sa_handler = note_resize };
	struct sigaction before[ARRAY_SIZE(ends)], winch;
	enum ctl_status status = CTL_OK;
	struct termios raw;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &end, &before[i]);
	sigaction(SIGWINCH, &resize, &winch);
	tcgetattr(STDIN_FILENO, &top->terminal);
	raw = top->terminal;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs("\033[?1049h\033[?25l\033[2J", top->session->out);
	while (!top->wants_end && !ctl_interrupted) {
		status = top_look(top, why);
		if (status != CTL_OK)
			break;
		top_draw(top);
		top_wait(top);
	}
	fputs("\033[?25h\033[?1049l", top->session->out);
	fflush(top->session->out);
	tcsetattr(STDIN_FILENO, TCSANOW, &top->terminal);
	sigaction(SIGWINCH, &winch, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &before[i], NULL);
	return ctl_interrupted ? CTL_OK : status;
}

static void pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* One screen, with rates: two looks.  With --json an object a look. */
static enum ctl_status top_print(struct top *top, bool is_endless, char why[CTL_WHY_MAX])
{
	const struct top_size size = { .columns = 100, .lines = INT16_MAX };
	enum ctl_status status = top_look(top, why);

	while (status == CTL_OK) {
		pause_ms(top->interval_ms);
		if (ctl_interrupted)
			break;
		status = top_look(top, why);
		if (status != CTL_OK)
			break;
		json_t *view = top_view(top->before, top->now, top->sort, top->reverse);
		if (top->session->is_json) {
			json_dumpf(view, top->session->out, JSON_COMPACT);
			fputc('\n', top->session->out);
		} else {
			top_screen(view, top->sort, &size, false, top->session->out);
		}
		json_decref(view);
		if (fflush(top->session->out) != 0 || !is_endless)
			break;
	}
	return ctl_interrupted ? CTL_OK : status;
}

enum ctl_status top_run(struct ctl_session *session, const struct ctl_call *call,
			char why[CTL_WHY_MAX])
{
	const bool wants_once = api_arg_flag(call->local, "once");
	const bool is_live = !wants_once && !session->is_json && isatty(STDIN_FILENO) &&
			     isatty(fileno(session->out));
	const char *sort = api_arg_string(call->local, "sort");
	const int absent = is_live || (session->is_json && !wants_once) ? INTERVAL_DEFAULT_MS :
									  INTERVAL_ONCE_MS;
	const uint64_t ms = api_arg_number(call->local, "interval", 0) * 1000;
	struct top top = {
		.session = session,
		.call = call,
		.sort = sort ? top_sort_find(sort) : TOP_NAME,
		.interval_ms = ms ? (int)MIN(ms, (uint64_t)INTERVAL_MAX_MS) : absent,
	};

	enum ctl_status status = is_live ? top_live(&top, why) :
					   top_print(&top, session->is_json && !wants_once, why);
	json_decref(top.before);
	json_decref(top.now);
	return status;
}
