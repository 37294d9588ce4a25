/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A helper process in a process group of its own, and the lines that it writes: started without a
 * copy of tandemd's memory, never left as a zombie, its output bounded.  Knows no conversation.
 * Control thread only.
 */
#ifndef AGENTS_PROCESS_H
#define AGENTS_PROCESS_H

#include <sys/types.h>

#include "base/compiler.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

#define AGENT_LINE_MAX     400 /* octets; what is longer is cut */
#define AGENT_LINES_BURST  20  /* at once, ... */
#define AGENT_LINES_SECOND 5   /* ... and then a second; further ones are counted */

/* Lines that may still be told. */
struct line_limit {
	uint32_t tokens;   /* in thousandths of a line */
	uint64_t refilled_ms;
	uint64_t left_out; /* since the last line that was told */
};
void line_limit_init(struct line_limit *limit, uint64_t now_ms);
/* False: too many, and counted. */
[[nodiscard]] bool line_limit_take(struct line_limit *limit, uint64_t now_ms);

struct agent_process {
	pid_t pid;               /* 0: none */
	bool is_piped;           /* the pipe's handle is the loop's */
	uv_pipe_t output;        /* its stdout and stderr */
	char line[AGENT_LINE_MAX + 1];
	size_t used;
	struct line_limit limit;
	char chunk[4096];
	/* A line that it wrote, and is within the limit. */
	void (*written)(void *context, const char *line);
	void *context;
};

/*
 * stdin is /dev/null, stdout and stderr go to `written`, everything else that tandemd has open is
 * closed.  `environment` is put before tandemd's own.  0 or -errno.
 */
[[nodiscard]] int agent_process_start(struct agent_process *process, uv_loop_t *loop,
				      const char *const *command, char *const *environment);
/* True once the process is gone and reaped: *status is as of waitpid.  What it left behind in its
 * group is killed, what it had written is told. */
[[nodiscard]] bool agent_process_reap(struct agent_process *process, int *status);
void agent_process_signal(const struct agent_process *process, int number);
/* Takes nothing more of its output.  The loop's next pass closes the pipe, unless it is closed. */
void agent_process_release(struct agent_process *process);

/* "exit status 1", "signal 9 (Killed)" */
const char *agent_process_status(int status, char *text, size_t size);

/* Parts of it that need no process: takes octets that were written. */
void agent_process_take(struct agent_process *process, const char *bytes, size_t len,
			uint64_t now_ms);

#endif
