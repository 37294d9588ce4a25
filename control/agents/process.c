/* SPDX-License-Identifier: BSD-3-Clause */
/* Helper processes and their output; see process.h. */
#include "agents/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A line, in thousandths, so that what a millisecond brings is a whole number of them. */
#define TOKEN 1000u
#define OUTPUT_LAST_READS 16

const char *agent_process_status(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
	return text;
}

void line_limit_init(struct line_limit *limit, uint64_t now_ms)
{
	*limit = (struct line_limit){
		.tokens = AGENT_LINES_BURST * TOKEN,
		.refilled_ms = now_ms,
	};
}

bool line_limit_take(struct line_limit *limit, uint64_t now_ms)
{
	uint64_t gained = MIN(now_ms - limit->refilled_ms, (uint64_t)60000) * AGENT_LINES_SECOND;

	limit->tokens =
		(uint32_t)MIN(limit->tokens + gained, (uint64_t)AGENT_LINES_BURST * TOKEN);
	limit->refilled_ms = now_ms;
	if (limit->tokens < TOKEN) {
		limit->left_out++;
		return false;
	}
	limit->tokens -= TOKEN;
	return true;
}

static void line_end(struct agent_process *process, uint64_t now_ms)
{
	size_t len = process->used;

	process->line[len] = '\0';
	process->used = 0;
	if (len && line_limit_take(&process->limit, now_ms))
		process->written(process->context, process->line);
}

void agent_process_take(struct agent_process *process, const char *bytes, size_t len,
			uint64_t now_ms)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (c == '\n') {
			line_end(process, now_ms);
		} else if (process->used < AGENT_LINE_MAX) {
			/* It goes to a terminal, maybe. */
			process->line[process->used++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
		}
	}
}

static void output_alloc(uv_handle_t *handle, size_t, uv_buf_t *buffer)
{
	struct agent_process *process = handle->data;

	*buffer = uv_buf_init(process->chunk, sizeof(process->chunk));
}

static void output_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
	struct agent_process *process = stream->data;

	if (len < 0)
		uv_read_stop(stream); /* closed at its end: closed here when the process is reaped */
	else
		agent_process_take(process, buffer->base, (size_t)len, uv_now(stream->loop));
}

static int output_open(struct agent_process *process, uv_loop_t *loop, int fd)
{
	int status = uv_pipe_init(loop, &process->output, 0);

	if (status < 0)
		return status;
	process->is_piped = true;
	process->output.data = process;
	status = uv_pipe_open(&process->output, fd);
	return status < 0 ? status
			  : uv_read_start((uv_stream_t *)&process->output, output_alloc, output_read);
}

static int attributes_set(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	/* A session of its own is a process group of its own, and no terminal. */
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
							     POSIX_SPAWN_SETSIGDEF) |
	       posix_spawnattr_setsigmask(attributes, &none) |
	       posix_spawnattr_setsigdefault(attributes, &all);
}

/* Not fork: that would turn every page that the workers write to into a fault of theirs. */
static int spawn(pid_t *pid, int output, const char *const *command, char *const *environment)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int status;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	status = attributes_set(&attributes) |
		 posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) |
		 posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) |
		 posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO) |
		 posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	if (status == 0)
		status = posix_spawn(pid, command[0], &actions, &attributes,
				     (char *const *)(uintptr_t)command, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -status;
}

int agent_process_start(struct agent_process *process, uv_loop_t *loop, const char *const *command,
			char *const *environment)
{
	int ends[2];

	process->used = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	int status = output_open(process, loop, ends[0]);
	if (status < 0)
		close(ends[0]);
	else
		status = spawn(&process->pid, ends[1], command, environment);
	close(ends[1]);
	if (status < 0) {
		process->pid = 0;
		agent_process_release(process);
	}
	return status;
}

void agent_process_signal(const struct agent_process *process, int number)
{
	if (process->pid > 0)
		(void)kill(-process->pid, number);
}

/* What still lies in the pipe, once; who inherited its other end may go on writing for ever. */
static void output_finish(struct agent_process *process)
{
	uv_os_fd_t fd;
	ssize_t len;

	if (!process->is_piped || uv_is_closing((uv_handle_t *)&process->output) ||
	    uv_fileno((uv_handle_t *)&process->output, &fd) < 0)
		return;
	uint64_t now_ms = uv_now(process->output.loop);
	for (int i = 0; i < OUTPUT_LAST_READS; i++) {
		len = read(fd, process->chunk, sizeof(process->chunk));
		if (len <= 0)
			break;
		agent_process_take(process, process->chunk, (size_t)len, now_ms);
	}
	agent_process_take(process, "\n", 1, now_ms);
}

bool agent_process_reap(struct agent_process *process, int *status)
{
	if (process->pid <= 0)
		return false;
	pid_t pid = waitpid(process->pid, status, WNOHANG);
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	if (pid < 0)
		*status = 0;
	/* As long as one of the group lives, no other group gets its number. */
	agent_process_signal(process, SIGKILL);
	process->pid = 0;
	output_finish(process);
	return true;
}

static void output_closed(uv_handle_t *handle)
{
	struct agent_process *process = handle->data;

	process->is_piped = false;
}

void agent_process_release(struct agent_process *process)
{
	if (process->is_piped && !uv_is_closing((uv_handle_t *)&process->output))
		uv_close((uv_handle_t *)&process->output, output_closed);
}
