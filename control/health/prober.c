/* SPDX-License-Identifier: BSD-3-Clause */
/* One target's probes; see prober.h. */
#include "health/prober.h"

#define PUT_OFF TICK_MS(10)
/* The worker ends a probe after its timeout; the end has to come here. */
#define GRACE   TICK_SECONDS(1)

void prober_configure(struct prober *prober, const struct probe_settings *settings, tick_t now,
		      uint64_t random)
{
	bool was_on = prober->is_on;

	prober->is_on = settings->interval_us != 0;
	if (!prober->is_on) {
		prober->is_down = false;
		prober->number = 0;
		prober->good = prober->bad = 0;
	} else if (!was_on || prober->next > tick_add(now, settings->interval_us)) {
		prober->next = tick_add(now, random % settings->interval_us);
	}
}

tick_t prober_due(const struct prober *prober)
{
	if (!prober->is_on)
		return TICK_NEVER;
	return prober->number ? prober->given_up : prober->next;
}

bool prober_wants(const struct prober *prober, tick_t now)
{
	return prober->is_on && !prober->number && now >= prober->next;
}

void prober_sent(struct prober *prober, const struct probe_settings *settings, uint32_t number,
		 tick_t now, uint64_t random)
{
	/* jitter 20 %: 0.9 to 1.1 intervals */
	uint64_t width = settings->interval_us / 100 * settings->jitter;

	prober->number = number;
	prober->sent = now;
	prober->given_up = tick_add(now, settings->timeout_us + GRACE);
	prober->next = now + settings->interval_us - width / 2 + (width ? random % width : 0);
	prober->count++;
}

void prober_put_off(struct prober *prober, tick_t now)
{
	prober->next = tick_add(now, PUT_OFF);
}

void prober_hurry(struct prober *prober, tick_t now)
{
	if (prober->is_on)
		prober->next = MIN(prober->next, now);
}

bool prober_give_up(struct prober *prober, tick_t now)
{
	if (!prober->number || now < prober->given_up)
		return false;
	prober->number = 0;
	return true;
}

void prober_not_sent(struct prober *prober, uint32_t number)
{
	if (number == prober->number)
		prober->number = 0;
}

static enum prober_sign sign_of(const struct probe_settings *settings, uint16_t status, bool heard)
{
	if (status_set_has(&settings->accept, status))
		return PROBER_GOOD;
	if (status == 503)
		return PROBER_FULL;
	return !status && heard ? PROBER_UNSURE : PROBER_BAD;
}

bool prober_end(struct prober *prober, const struct probe_settings *settings, uint32_t number,
		uint16_t status, uint32_t delay_us, bool heard, tick_t now, enum prober_sign *sign)
{
	if (!number || number != prober->number)
		return false;
	prober->number = 0;
	prober->last = now;
	prober->last_status = status;
	prober->last_delay_us = status ? delay_us : 0;
	if (status)
		prober->answered++;
	else
		prober->unanswered++;
	*sign = sign_of(settings, status, heard);
	return true;
}

enum prober_change prober_judge(struct prober *prober, const struct probe_settings *settings,
				enum prober_sign sign)
{
	if (sign == PROBER_GOOD) {
		prober->bad = 0;
		prober->good++;
		if (!prober->is_down || prober->good < settings->rise)
			return PROBER_SAME;
		prober->is_down = false;
		return PROBER_UP;
	}
	/* Full is not dead, and no sign of recovery either. */
	if (sign != PROBER_BAD) {
		prober->bad = 0;
		return PROBER_SAME;
	}
	prober->good = 0;
	prober->bad++;
	if (prober->is_down || prober->bad < settings->fall)
		return PROBER_SAME;
	prober->is_down = true;
	return PROBER_DOWN;
}
