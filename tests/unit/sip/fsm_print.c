/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints the four transaction machines out of their tables, for the documentation:
 *
 *	fsm-print [--mermaid]    state diagrams for Mermaid, one fenced block a machine
 *	fsm-print --text         one line a cell that does anything
 */
#include <stdio.h>
#include <string.h>

#include "sip/fsm.h"

/* In the order in which they are carried out. */
static const struct {
	uint16_t action;
	const char *text;
} actions[] = {
	{ FSM_SEND, "send" },
	{ FSM_RESEND, "send again" },
	{ FSM_ACK, "send ACK" },
	{ FSM_PASS_UP, "pass up" },
	{ FSM_TIMEOUT, "tell of the time-out" },
	{ FSM_ERROR, "tell of the error" },
	{ FSM_BACK_OFF, "back off" },
	{ FSM_RETRANSMIT, "start retransmitting" },
	{ FSM_QUIET, "stop retransmitting" },
	{ FSM_LINGER, "start the end timer" },
	{ FSM_RETAIN, "keep it" },
	{ FSM_RELEASE, "give it up" },
};

static void actions_print(uint16_t set)
{
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!(set & actions[i].action))
			continue;
		printf("%s%s", separator, actions[i].text);
		separator = ", ";
	}
}

static bool cell_is_idle(const struct fsm_machine *machine, unsigned int state, unsigned int event)
{
	const struct fsm_cell *cell = &machine->cells[state * machine->events + event];

	return cell->next == state && cell->actions == 0;
}

static void machine_print_text(const struct fsm_machine *machine)
{
	printf("%s (%s)\n", machine->name, machine->source);
	for (unsigned int s = 0; s < machine->states; s++) {
		for (unsigned int e = 0; e < machine->events; e++) {
			const struct fsm_cell *cell = &machine->cells[s * machine->events + e];
			if (cell_is_idle(machine, s, e))
				continue;
			printf("  %-11s %-16s -> %-11s ", machine->state_names[s],
			       machine->event_names[e], machine->state_names[cell->next]);
			actions_print(cell->actions);
			putchar('\n');
		}
	}
	putchar('\n');
}

/* Colons end a label's key in Mermaid: the labels have none but the first. */
static void machine_print_mermaid(const struct fsm_machine *machine)
{
	printf("### %s\n\n%s\n\n```mermaid\nstateDiagram-v2\n    [*] --> %s\n", machine->name,
	       machine->source, machine->state_names[0]);
	for (unsigned int s = 0; s < machine->states; s++) {
		for (unsigned int e = 0; e < machine->events; e++) {
			const struct fsm_cell *cell = &machine->cells[s * machine->events + e];
			if (cell_is_idle(machine, s, e))
				continue;
			printf("    %s --> %s: %s", machine->state_names[s],
			       machine->state_names[cell->next], machine->event_names[e]);
			if (cell->actions) {
				printf(" / ");
				actions_print(cell->actions);
			}
			putchar('\n');
		}
	}
	printf("    %s --> [*]\n```\n\n", machine->state_names[machine->states - 1]);
}

int main(int argc, char **argv)
{
	bool text = argc == 2 && strcmp(argv[1], "--text") == 0;

	if (argc > 2 || (argc == 2 && !text && strcmp(argv[1], "--mermaid") != 0)) {
		fprintf(stderr, "usage: fsm-print [--mermaid | --text]\n");
		return 1;
	}
	for (int i = 0; i < FSM_MACHINES; i++) {
		if (text)
			machine_print_text(&fsm_machines[i]);
		else
			machine_print_mermaid(&fsm_machines[i]);
	}
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
