/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run says of itself when all is well; see world.h. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>

static void report_network(void)
{
	printf("# datagrams: %" PRIu64 " sent, %" PRIu64 " into engines, %" PRIu64
	       " out of them, %" PRIu64 " lost, %" PRIu64 " twice, %" PRIu64 " late, %" PRIu64
	       " swallowed by outages, %" PRIu64 " ICMP errors\n",
	       world.sent, world.to_engines, world.from_engines, world.lost, world.duplicated,
	       world.delayed, world.swallowed, world.icmp);
	printf("# targets: %" PRIu64 " crashes, %" PRIu64 " silences; sides in the dark %" PRIu64
	       " times, %" PRIu64 " datagrams there\n",
	       world.crashes, world.blackouts, world.darkenings, world.in_dark);
}

static void report_engines(void)
{
	if (world.options.failures_ms)
		printf("# engines: %" PRIu64 " died, %" PRIu64 " taken over by another, %" PRIu64
		       " datagrams while nobody served; %" PRIu64 " transactions lost, %" PRIu64
		       " made anew with the same branch and target, %" PRIu64
		       " stray responses forwarded\n",
		       world.failures, world.take_overs, world.in_the_dark, world.lost_txns,
		       world.revived, world.strays_forwarded);
	printf("# dialogs: %" PRIu64 " known, %" PRIu64 " requests out of order of %" PRIu64
	       " planted, %" PRIu64 " 2xx without ACK\n",
	       world.dialogs, world.out_of_order, world.planted, world.unacknowledged);
	if (world.options.fork_ms)
		printf("# forking: %" PRIu64 " targets asked beside silent ones, %" PRIu64
		       " second 2xx, %" PRIu64 " legs ended by the engine\n",
		       world.forks, world.second_answers, world.legs_ended);
	printf("# calls of targets: %" PRIu64 " compared\n", world.calls_seen);
	printf("# %" PRIu64 " timers measured, none early, the latest %" PRIu64 " us; %" PRIu64
	       " samples; at most %" PRIu64 " transactions in an engine\n",
	       world.timers_measured, world.latest, world.samples, world.alive_max);
}

static void report_lost(void)
{
	printf("# lost with their engine:");
	for (int i = 0; i < FLOWS; i++)
		if (world.lost_flows[i])
			printf(" %s %" PRIu64 ",", flow_names[i], world.lost_flows[i]);
	printf(" in all %" PRIu64 "\n", world.races[RACE_LOST_STATUS]);
}

void report(double seconds)
{
	printf("# seed %" PRIu64 " digest %016" PRIx64 "\n", world.options.seed, world.digest);
	printf("# %u calls in %.1f s of CPU, %.0f a second; %.0f s of virtual time; %u callers, "
	       "%d targets, %u engines\n",
	       world.ended, seconds, world.ended / seconds, (double)(world.now - EPOCH) / 1e6,
	       world.options.callers, TARGETS, world.options.engines);
	report_network();
	report_engines();
	if (world.races[RACE_LOST_STATUS])
		report_lost();
	printf("# flows:");
	for (int i = 0; i < FLOWS; i++)
		printf("%s %s %" PRIu64, i ? "," : "", flow_names[i], world.flows[i]);
	printf("\n# ends: timed out %" PRIu64, world.statuses[1]);
	for (int i = 100; i < 700; i++)
		if (world.statuses[i])
			printf(", %d: %" PRIu64, i, world.statuses[i]);
	printf("\n");
	for (int i = 0; i < RACES; i++)
		if (world.races[i])
			printf("# race: %s %" PRIu64 " (%s)\n", race_rules[i].name, world.races[i],
			       race_rules[i].clause);
}
