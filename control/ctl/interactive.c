/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemctl without a command: lines with editing, history and completion; see run.h. */
#include <errno.h>
#include <histedit.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "ctl/arguments.h"
#include "ctl/complete.h"
#include "ctl/run.h"

#define MATCHES_MAX 256
#define HISTORY_MAX 500

static void note_interrupt(int)
{
	ctl_interrupted = 1;
}

static char *prompt(EditLine *)
{
	static char text[] = "tandem> ";

	return text;
}

/* How many leading octets all matches have in common. */
static size_t matches_common(char matches[][CTL_WORD_MAX], size_t count)
{
	size_t common = strlen(matches[0]);

	for (size_t i = 1; i < count; i++) {
		size_t same = 0;
		while (same < common && matches[i][same] == matches[0][same])
			same++;
		common = same;
	}
	return common;
}

static unsigned char matches_insert(EditLine *el, char matches[][CTL_WORD_MAX], size_t count,
				    size_t typed)
{
	size_t common = matches_common(matches, count);
	char rest[CTL_WORD_MAX + 1];

	memcpy(rest, matches[0] + typed, common - typed);
	rest[common - typed] = count == 1 ? ' ' : '\0';
	rest[common - typed + 1] = '\0';
	if (rest[0])
		return el_insertstr(el, rest) == 0 ? CC_REFRESH : CC_ERROR;
	fputc('\n', stdout);
	for (size_t i = 0; i < count; i++)
		printf("%s  ", matches[i]);
	fputc('\n', stdout);
	return CC_REDISPLAY;
}

static unsigned char complete(EditLine *el, int)
{
	const LineInfo *line = el_line(el);
	static char found[MATCHES_MAX][CTL_WORD_MAX];
	struct ctl_session *session = NULL;
	char text[1024];
	const char *words[32];
	int count = 0;
	size_t len = (size_t)(line->cursor - line->buffer);

	if (len >= sizeof(text))
		return CC_ERROR;
	memcpy(text, line->buffer, len);
	text[len] = '\0';
	char *prefix = strrchr(text, ' ');
	prefix = prefix ? prefix + 1 : text;
	size_t typed = strlen(prefix);
	char *begun = strdup(prefix), *state = NULL;
	if (!begun)
		return CC_ERROR;
	*prefix = '\0';
	for (char *word = strtok_r(text, " ", &state); word && count < 32;
	     word = strtok_r(NULL, " ", &state))
		words[count++] = word;
	struct ctl_matches matches = { .words = found, .max = MATCHES_MAX, .prefix = begun };
	char endpoint[CTL_ENDPOINT_MAX];
	el_get(el, EL_CLIENTDATA, &session);
	snprintf(endpoint, sizeof(endpoint), "%s", session->endpoint);
	ctl_complete(count, words, ctl_names_ask, endpoint, &matches);
	free(begun);
	return matches.count ? matches_insert(el, found, matches.count, typed) : CC_ERROR;
}

static bool is_word(int count, const char *const *words, const char *word)
{
	return count == 1 && strcmp(words[0], word) == 0;
}

/* False: leave. */
static bool take_line(struct ctl_session *session, Tokenizer *tokenizer, const char *line,
		      enum ctl_status *status)
{
	int count = 0;
	const char **words = NULL;
	bool stay = true;

	if (tok_str(tokenizer, line, &count, &words) != 0) {
		fprintf(session->err, "tandemctl: a quote is not closed\n");
		*status = CTL_USAGE;
	} else if (is_word(count, words, "quit") || is_word(count, words, "exit")) {
		stay = false;
	} else if (count > 0) {
		*status = ctl_run(session, count, words);
	}
	tok_reset(tokenizer);
	return stay;
}

/* The library's own reader goes on after an interrupt. */
static int read_key(EditLine *, wchar_t *key)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	mbstate_t state = { 0 };

	for (;;) {
		char octet;
		if (ctl_interrupted)
			return -1;
		if (poll(&input, 1, 1000) <= 0)
			continue;
		ssize_t len = read(STDIN_FILENO, &octet, 1);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return (int)len;
		size_t used = mbrtowc(key, &octet, 1, &state);
		if (used == (size_t)-1)
			state = (mbstate_t){ 0 }; /* no character: left out */
		else if (used != (size_t)-2)
			return 1;
	}
}

static EditLine *editor_open(struct ctl_session *session, History *lines)
{
	EditLine *el = el_init("tandemctl", stdin, stdout, stderr);

	el_set(el, EL_CLIENTDATA, session);
	el_set(el, EL_PROMPT, prompt);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1);
	el_set(el, EL_GETCFN, read_key);
	el_set(el, EL_HIST, history, lines);
	el_set(el, EL_ADDFN, "tandem-complete", "Complete a command", complete);
	el_set(el, EL_BIND, "^I", "tandem-complete", NULL);
	return el;
}

/* The next line, as el_gets; ^C begins it anew. */
static const char *prompt_line(EditLine *el, int *len)
{
	const char *line;

	for (;;) {
		ctl_interrupted = 0;
		line = el_gets(el, len);
		if (line || !ctl_interrupted)
			return line;
		fputs("^C\n", stdout);
		el_reset(el);
	}
}

static bool take_terminal_line(struct ctl_session *session, Tokenizer *tokenizer, const char *line,
			       enum ctl_status *status)
{
	ctl_interrupted = 0;
	bool stay = take_line(session, tokenizer, line, status);

	if (ctl_interrupted) {
		fputc('\n', session->out);
		/* It was the operator who ended it, not tandemd. */
		*status = CTL_OK;
	}
	return stay;
}

/* Where lines are kept between sessions: TANDEMCTL_HISTORY, else ~/.tandemctl_history; empty: not. */
static bool history_file(char *path, size_t size)
{
	const char *given = getenv("TANDEMCTL_HISTORY"), *home = getenv("HOME");
	int len = given ? snprintf(path, size, "%s", given) :
			  snprintf(path, size, "%s/.tandemctl_history", home ? home : "");

	return path[0] && (given || home) && len > 0 && (size_t)len < size;
}

/* For nobody else to read: commands name customers' calls. */
static void history_keep(History *lines, const char *file)
{
	HistEvent event;
	mode_t before = umask(0177);

	history(lines, &event, H_SAVE, file);
	umask(before);
}

static enum ctl_status read_terminal(struct ctl_session *session, Tokenizer *tokenizer)
{
	/* No SA_RESTART: waiting for tandemd ends. */
	struct sigaction interrupt = { .sa_handler = note_interrupt }, before;
	History *lines = history_init();
	EditLine *el = editor_open(session, lines);
	char file[PATH_MAX];
	HistEvent event;
	const char *line;
	int len;

	sigaction(SIGINT, &interrupt, &before);
	history(lines, &event, H_SETSIZE, HISTORY_MAX);
	history(lines, &event, H_SETUNIQUE, 1);
	const bool is_kept = history_file(file, sizeof(file));
	if (is_kept)
		history(lines, &event, H_LOAD, file);
	enum ctl_status status = ctl_session_open(session);
	while ((line = prompt_line(el, &len)) != NULL && len > 0) {
		if (len > 1)
			history(lines, &event, H_ENTER, line);
		if (!take_terminal_line(session, tokenizer, line, &status))
			break;
	}
	if (!line)
		fputc('\n', session->out);
	if (is_kept)
		history_keep(lines, file);
	history_end(lines);
	el_end(el);
	sigaction(SIGINT, &before, NULL);
	/* Mistakes on the way were seen; that there is no tandemd lasts. */
	return status == CTL_UNREACHABLE ? status : CTL_OK;
}

/* Commands from a pipe: no prompt, and the worst status is the exit status. */
static enum ctl_status read_pipe(struct ctl_session *session, Tokenizer *tokenizer)
{
	enum ctl_status worst = CTL_OK;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		enum ctl_status status = CTL_OK;
		if (!take_line(session, tokenizer, line, &status))
			break;
		worst = status > worst ? status : worst;
	}
	free(line);
	return worst;
}

enum ctl_status ctl_interactive(struct ctl_session *session)
{
	Tokenizer *tokenizer = tok_init(NULL);
	enum ctl_status status;

	status = isatty(STDIN_FILENO) ? read_terminal(session, tokenizer)
				      : read_pipe(session, tokenizer);
	tok_end(tokenizer);
	return status;
}
