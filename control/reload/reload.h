/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reload: the file is read and checked again, what differs is told, and the whole is taken over or
 * nothing of it.  What needs a restart makes the whole be refused: half of what a file says would
 * be a configuration that nobody wrote.  Timers set by hand go the same way, in the same queue: the
 * configuration says what is in force.  Control thread only; the file is read at once.
 */
#ifndef RELOAD_RELOAD_H
#define RELOAD_RELOAD_H

#include <stdbool.h>
#include <time.h>

#include <jansson.h>

struct api_request;
struct control;

#define RELOAD_PENDING_MAX 16
#define RELOAD_WHO_MAX     80

/* One who asked, to be served when the snapshot before the present one is retired. */
struct reload_asked {
	struct api_request *request; /* NULL: nobody waits for an answer */
	char who[RELOAD_WHO_MAX];
	bool is_dry;
	json_t *timer;               /* the arguments of `set timers`; NULL: a reload */
};

struct reload {
	struct reload_asked pending[RELOAD_PENDING_MAX];
	unsigned int pending_count;
	struct timespec loaded;  /* when what runs was read; wall clock */
	unsigned int count;      /* reloads since the start */
	json_t *changed;         /* timers set since, by name; NULL: none */
};

/* `request` is answered now or later, see api/README.md; NULL: events alone tell. */
void reload_ask(struct control *control, struct api_request *request, const char *who, bool is_dry);

/* `set timers`, with its arguments; answered when the value is in force, or cannot be. */
void reload_ask_timer(struct control *control, struct api_request *request, const char *who,
		      const json_t *args);
/* One whose turn it is; the request ends.  reload.c calls it alone. */
void reload_serve_timer(struct control *control, const struct reload_asked *asked);

/* A pass of the loop, before publish_poll. */
void reload_poll(struct control *control);

/* Ends those who wait. */
void reload_fini(struct control *control);

#endif
