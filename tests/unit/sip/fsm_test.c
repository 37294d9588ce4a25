/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sip/fsm.h against the RFCs: the lists below were written from RFC 6026 figures 5 and 7 (§8.4,
 * §8.6), RFC 3261 figures 6 and 8 and the paragraphs beside them, not from the tables.  A cell
 * that no list names must do nothing and stay.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "sip/fsm.h"

/* An arrow of a figure: in `from`, on `event`, go to `next` and do exactly `actions`.  RETAIN and
 * RELEASE say what memory holds, which no figure shows; they are checked by rule below. */
struct arrow {
	uint8_t from, event, next;
	uint16_t actions;
};
#define MEMORY (FSM_RETAIN | FSM_RELEASE)

static const struct arrow invite_client[] = {
#define S(name) INVITE_CLIENT_##name
	/* "1xx to TU"; further retransmission SHOULD NOT happen, Timer B no longer applies. */
	{ S(CALLING), S(1XX), S(PROCEEDING), FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
	/* "2xx to TU", Timer M */
	{ S(CALLING), S(2XX), S(ACCEPTED), FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
	/* "ACK sent, resp. to TU", Timer D */
	{ S(CALLING), S(300_699), S(COMPLETED), FSM_ACK | FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
	/* "Reset A, INVITE sent" */
	{ S(CALLING), S(TIMER_A), S(CALLING), FSM_RESEND | FSM_BACK_OFF },
	/* "Timer B fires or Transport Err., inform TU" */
	{ S(CALLING), S(TIMER_B), S(TERMINATED), FSM_TIMEOUT },
	{ S(CALLING), S(TRANSPORT_ERROR), S(TERMINATED), FSM_ERROR },
	{ S(PROCEEDING), S(1XX), S(PROCEEDING), FSM_PASS_UP },
	{ S(PROCEEDING), S(2XX), S(ACCEPTED), FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
	{ S(PROCEEDING), S(300_699), S(COMPLETED),
	  FSM_ACK | FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
	/* "300-699, ACK sent", not passed up again */
	{ S(COMPLETED), S(300_699), S(COMPLETED), FSM_ACK },
	{ S(COMPLETED), S(TIMER_D), S(TERMINATED), 0 },
	/* The figure's "Transport Err., inform TU" to Terminated (a SHOULD, §17.1.4) is left out
	 * on purpose: the TU has its final response, and the next copy of it asks for the ACK
	 * again.  So Completed has no arrow for it here. */
	{ S(ACCEPTED), S(2XX), S(ACCEPTED), FSM_PASS_UP },
	{ S(ACCEPTED), S(TIMER_M), S(TERMINATED), 0 },
#undef S
};

static const struct arrow non_invite_client[] = {
#define S(name) NON_INVITE_CLIENT_##name
	{ S(TRYING), S(TIMER_E), S(TRYING), FSM_RESEND | FSM_BACK_OFF },
	{ S(TRYING), S(TIMER_F), S(TERMINATED), FSM_TIMEOUT },
	{ S(TRYING), S(TRANSPORT_ERROR), S(TERMINATED), FSM_ERROR },
	/* Timer E is not touched by the change of state (RFC 4321 §1.2). */
	{ S(TRYING), S(1XX), S(PROCEEDING), FSM_PASS_UP },
	{ S(TRYING), S(FINAL), S(COMPLETED), FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
	{ S(PROCEEDING), S(TIMER_E), S(PROCEEDING), FSM_RESEND | FSM_BACK_OFF },
	{ S(PROCEEDING), S(TIMER_F), S(TERMINATED), FSM_TIMEOUT },
	{ S(PROCEEDING), S(TRANSPORT_ERROR), S(TERMINATED), FSM_ERROR },
	{ S(PROCEEDING), S(1XX), S(PROCEEDING), FSM_PASS_UP },
	{ S(PROCEEDING), S(FINAL), S(COMPLETED), FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
	{ S(COMPLETED), S(TIMER_K), S(TERMINATED), 0 },
#undef S
};

static const struct arrow invite_server[] = {
#define S(name) INVITE_SERVER_##name
	{ S(PROCEEDING), S(INVITE), S(PROCEEDING), FSM_RESEND },
	{ S(PROCEEDING), S(TU_1XX), S(PROCEEDING), FSM_SEND },
	/* Timer L */
	{ S(PROCEEDING), S(TU_2XX), S(ACCEPTED), FSM_SEND | FSM_LINGER },
	/* Timers G and H */
	{ S(PROCEEDING), S(TU_300_699), S(COMPLETED), FSM_SEND | FSM_RETRANSMIT | FSM_LINGER },
	{ S(PROCEEDING), S(TRANSPORT_ERROR), S(PROCEEDING), FSM_ERROR },
	{ S(COMPLETED), S(INVITE), S(COMPLETED), FSM_RESEND },
	{ S(COMPLETED), S(TIMER_G), S(COMPLETED), FSM_RESEND | FSM_BACK_OFF },
	/* Timer I; "As Timer G is ignored in this state, any retransmissions will cease." */
	{ S(COMPLETED), S(ACK), S(CONFIRMED), FSM_QUIET | FSM_LINGER },
	/* The text: "MUST indicate to the TU that a transaction failure has occurred". */
	{ S(COMPLETED), S(TIMER_H), S(TERMINATED), FSM_TIMEOUT },
	{ S(COMPLETED), S(TRANSPORT_ERROR), S(COMPLETED), FSM_ERROR },
	{ S(CONFIRMED), S(TIMER_I), S(TERMINATED), 0 },
	{ S(ACCEPTED), S(ACK), S(ACCEPTED), FSM_PASS_UP },
	{ S(ACCEPTED), S(TU_2XX), S(ACCEPTED), FSM_SEND },
	{ S(ACCEPTED), S(TRANSPORT_ERROR), S(ACCEPTED), FSM_ERROR },
	{ S(ACCEPTED), S(TIMER_L), S(TERMINATED), 0 },
#undef S
};

static const struct arrow non_invite_server[] = {
#define S(name) NON_INVITE_SERVER_##name
	{ S(TRYING), S(TU_1XX), S(PROCEEDING), FSM_SEND },
	{ S(TRYING), S(TU_FINAL), S(COMPLETED), FSM_SEND | FSM_LINGER },
	{ S(PROCEEDING), S(REQUEST), S(PROCEEDING), FSM_RESEND },
	{ S(PROCEEDING), S(TU_1XX), S(PROCEEDING), FSM_SEND },
	{ S(PROCEEDING), S(TU_FINAL), S(COMPLETED), FSM_SEND | FSM_LINGER },
	{ S(COMPLETED), S(REQUEST), S(COMPLETED), FSM_RESEND },
	{ S(COMPLETED), S(TIMER_J), S(TERMINATED), 0 },
	/* RFC 6026 §8.8 over figure 8: inform the TU and remain in the current state. */
	{ S(TRYING), S(TRANSPORT_ERROR), S(TRYING), FSM_ERROR },
	{ S(PROCEEDING), S(TRANSPORT_ERROR), S(PROCEEDING), FSM_ERROR },
	{ S(COMPLETED), S(TRANSPORT_ERROR), S(COMPLETED), FSM_ERROR },
#undef S
};

static const struct {
	const struct arrow *arrows;
	size_t count;
	uint8_t terminated;
	bool server;
} expected[FSM_MACHINES] = {
	{ invite_client, ARRAY_SIZE(invite_client), INVITE_CLIENT_TERMINATED, false },
	{ non_invite_client, ARRAY_SIZE(non_invite_client), NON_INVITE_CLIENT_TERMINATED, false },
	{ invite_server, ARRAY_SIZE(invite_server), INVITE_SERVER_TERMINATED, true },
	{ non_invite_server, ARRAY_SIZE(non_invite_server), NON_INVITE_SERVER_TERMINATED, true },
};

static const struct fsm_cell *cell(const struct fsm_machine *machine, unsigned int state,
				   unsigned int event)
{
	return &machine->cells[state * machine->events + event];
}

/* shows: 157, 158, 159, 160, 161, 164, 165, 166, 170, 172, 179, 180, 183, 184, 185, 186, 187, 188, 189, 191 */
static void every_cell_is_as_the_figures_draw_it(void **)
{
	for (int m = 0; m < FSM_MACHINES; m++) {
		const struct fsm_machine *machine = &fsm_machines[m];
		for (unsigned int state = 0; state < machine->states; state++) {
			for (unsigned int event = 0; event < machine->events; event++) {
				struct arrow want = { (uint8_t)state, (uint8_t)event,
						      (uint8_t)state, 0 };
				unsigned int named = 0;
				for (size_t i = 0; i < expected[m].count; i++) {
					const struct arrow *arrow = &expected[m].arrows[i];
					if (arrow->from == state && arrow->event == event) {
						want = *arrow;
						named++;
					}
				}
				assert_true(named <= 1);
				const struct fsm_cell *is = cell(machine, state, event);
				if (is->next != want.next ||
				    (is->actions & ~MEMORY) != want.actions)
					fail_msg("%s, %s, %s: to %s with %#x, not to %s with %#x",
						 machine->name, machine->state_names[state],
						 machine->event_names[event],
						 machine->state_names[is->next],
						 is->actions & ~MEMORY,
						 machine->state_names[want.next], want.actions);
			}
		}
	}
}

static void every_state_is_reached_from_the_first(void **)
{
	for (int m = 0; m < FSM_MACHINES; m++) {
		const struct fsm_machine *machine = &fsm_machines[m];
		unsigned int reached = 1, before;
		do {
			before = reached;
			for (unsigned int i = 0; i < machine->states * machine->events; i++) {
				if (reached & 1u << i / machine->events)
					reached |= 1u << machine->cells[i].next;
			}
		} while (reached != before);
		assert_int_equal(reached, (1u << machine->states) - 1);
	}
}

static void terminated_is_absorbing_and_silent(void **)
{
	for (int m = 0; m < FSM_MACHINES; m++) {
		const struct fsm_machine *machine = &fsm_machines[m];
		for (unsigned int event = 0; event < machine->events; event++) {
			const struct fsm_cell *is = cell(machine, expected[m].terminated, event);
			assert_int_equal(is->next, expected[m].terminated);
			assert_int_equal(is->actions, 0);
		}
	}
}

/* From every state some sequence of events ends the machine: nothing can stay for ever. */
static void every_state_can_end(void **)
{
	for (int m = 0; m < FSM_MACHINES; m++) {
		const struct fsm_machine *machine = &fsm_machines[m];
		unsigned int ends = 1u << expected[m].terminated, before;
		do {
			before = ends;
			for (unsigned int i = 0; i < machine->states * machine->events; i++) {
				if (ends & 1u << machine->cells[i].next)
					ends |= 1u << i / machine->events;
			}
		} while (ends != before);
		assert_int_equal(ends, (1u << machine->states) - 1);
	}
}

static bool resends(const struct fsm_machine *machine, unsigned int state)
{
	for (unsigned int event = 0; event < machine->events; event++) {
		if (cell(machine, state, event)->actions & FSM_RESEND)
			return true;
	}
	return false;
}

/* What may be resent was kept when it was sent, and is given up where nothing is resent. */
static void memory_holds_what_may_be_resent_and_no_more(void **)
{
	for (int m = 0; m < FSM_MACHINES; m++) {
		const struct fsm_machine *machine = &fsm_machines[m];
		for (unsigned int state = 0; state < machine->states; state++) {
			for (unsigned int event = 0; event < machine->events; event++) {
				const struct fsm_cell *is = cell(machine, state, event);
				bool terminated = is->next == expected[m].terminated;
				if (is->actions & FSM_SEND)
					assert_int_equal(!!(is->actions & FSM_RETAIN),
							 resends(machine, is->next));
				else
					assert_false(is->actions & FSM_RETAIN);
				/* A client keeps the INVITE through Proceeding, out of which its
				 * ACK and CANCEL are made, so only later states give it up. */
				bool gives_up = resends(machine, state) && !terminated &&
						is->next != state && !resends(machine, is->next) &&
						!(m == 0 && is->next == INVITE_CLIENT_PROCEEDING);
				bool final_client = m == 0 &&
						    state == INVITE_CLIENT_PROCEEDING &&
						    is->next != state;
				assert_int_equal(!!(is->actions & FSM_RELEASE),
						 gives_up || final_client);
			}
		}
	}
}

/* A change of state that leaves a retransmission timer behind stops it; a timer is reset only
 * by its own expiry. */
static void retransmission_timers_live_only_where_something_is_resent(void **)
{
	for (int m = 0; m < FSM_MACHINES; m++) {
		const struct fsm_machine *machine = &fsm_machines[m];
		for (unsigned int i = 0; i < machine->states * machine->events; i++) {
			const struct fsm_cell *is = &machine->cells[i];
			if (is->actions & FSM_BACK_OFF) {
				assert_true(is->actions & FSM_RESEND);
				assert_int_equal(is->next, i / machine->events);
			}
			if (is->actions & FSM_RETRANSMIT)
				assert_true(expected[m].server && is->actions & FSM_SEND);
			if (is->actions & FSM_LINGER)
				assert_int_not_equal(is->next, i / machine->events);
		}
	}
}

static void every_state_and_event_has_a_name(void **)
{
	for (int m = 0; m < FSM_MACHINES; m++) {
		const struct fsm_machine *machine = &fsm_machines[m];
		assert_true(machine->name[0] && machine->source[0]);
		for (unsigned int i = 0; i < machine->states; i++)
			assert_true(machine->state_names[i] && machine->state_names[i][0]);
		for (unsigned int i = 0; i < machine->events; i++)
			assert_true(machine->event_names[i] && machine->event_names[i][0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_as_the_figures_draw_it),
		cmocka_unit_test(every_state_is_reached_from_the_first),
		cmocka_unit_test(terminated_is_absorbing_and_silent),
		cmocka_unit_test(every_state_can_end),
		cmocka_unit_test(memory_holds_what_may_be_resent_and_no_more),
		cmocka_unit_test(retransmission_timers_live_only_where_something_is_resent),
		cmocka_unit_test(every_state_and_event_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
