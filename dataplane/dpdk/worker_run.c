/* SPDX-License-Identifier: BSD-3-Clause */
/* The poll loop; see worker.h.  Worker thread. */
#include "dpdk/command.h"
#include "dpdk/egress.h"
#include "dpdk/engine.h"
#include "dpdk/idle.h"
#include "dpdk/ingress.h"
#include "dpdk/tx.h"
#include "dpdk/worker.h"

#define HOUSEKEEPING_PASSES 64
#define ANNOUNCE_ROUNDS     3 /* RFC 5227 §2.3 sends two, RFC 4861 §7.2.6 up to three */
#define ANNOUNCE_INTERVAL   TICK_SECONDS(1)

/* Each once, since many services share one.  False: no room. */
static bool port_add(uint16_t ports[NET_UDP_PORTS_MAX], uint32_t *count, uint16_t port)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (ports[i] == port)
			return true;
	}
	if (*count == NET_UDP_PORTS_MAX)
		return false;
	ports[(*count)++] = port;
	return true;
}

/* The UDP ports that a snapshot makes ours: those in use first. */
static uint32_t ports_of(const struct balance_snapshot *snapshot, uint16_t ports[NET_UDP_PORTS_MAX])
{
	uint32_t count = 0;
	bool is_room = true;

	for (uint32_t i = 0; i < snapshot->interface_count && is_room; i++) {
		if (snapshot->interfaces[i].sip_port)
			is_room = port_add(ports, &count, snapshot->interfaces[i].sip_port);
	}
	for (uint32_t i = 0; i < snapshot->listen_count && is_room; i++)
		is_room = port_add(ports, &count, snapshot->listens[i].endpoint.port);
	for (uint32_t i = 0; i < snapshot->past_port_count && is_room; i++)
		is_room = port_add(ports, &count, snapshot->past_ports[i].port);
	return count;
}

/* The snapshot of this pass, the UDP ports that it makes ours, and who follows calls.  By its version: while a worker
 * sleeps, another snapshot may come to lie where one was. */
static void take_snapshot(struct worker *worker)
{
	const struct balance_snapshot *snapshot =
		__atomic_load_n(&worker->dataplane->snapshot, __ATOMIC_ACQUIRE);
	uint16_t ports[NET_UDP_PORTS_MAX];

	worker->snapshot = snapshot;
	worker->trace = __atomic_load_n(&worker->dataplane->trace_set, __ATOMIC_ACQUIRE);
	if (LIKELY(worker->ports_known && snapshot->version == worker->ports_version))
		return;
	net_stack_ports_set(worker->stack, ports, ports_of(snapshot, ports));
	worker->ports_version = snapshot->version;
	worker->ports_known = true;
}

/* Tells the link who we are: at start and when it has come up, by the owner of the first queue. */
static void announce(struct worker *worker)
{
	const struct dataplane *dataplane = worker->dataplane;
	uint8_t frame[NET_CONTROL_FRAME_MAX];

	for (uint16_t d = 0; d < dataplane->device_count; d++) {
		uint32_t seen = __atomic_load_n(&dataplane->devices[d].announce, __ATOMIC_RELAXED);

		if (seen != worker->announce_seen[d]) {
			worker->announce_seen[d] = seen;
			worker->announce_rounds = ANNOUNCE_ROUNDS;
			worker->announce_due = 0;
		}
	}
	if (worker->announce_rounds == 0 || worker->now < worker->announce_due)
		return;
	worker->announce_rounds--;
	worker->announce_due = worker->now + ANNOUNCE_INTERVAL;
	for (uint16_t i = 0; i < dataplane->config.interface_count; i++) {
		const struct device *device = &dataplane->devices[dataplane->device_of[i]];
		uint32_t len;

		if (dataplane->queues[device->queue_first].owner != worker->index)
			continue;
		for (uint32_t which = 0;
		     (len = net_announce(worker->stack, i, which, frame)) != 0; which++)
			egress_send_frame(worker, dataplane->device_of[i], frame, len);
	}
}

/* What need not be done every pass.  False: the loop is to end. */
static bool keep_house(struct worker *worker)
{
	struct dataplane *dataplane = worker->dataplane;

	rte_rcu_qsbr_quiescent(dataplane->qsbr, worker->index);
	take_snapshot(worker);
	announce(worker);
	command_serve(worker);
	return !__atomic_load_n(&dataplane->stopping, __ATOMIC_RELAXED);
}

static tick_t next_due(const struct worker *worker)
{
	tick_t due = MIN(proxy_next_expiry(worker->proxy), net_next_expiry(worker->stack));

	return worker->announce_rounds ? MIN(due, worker->announce_due) : due;
}

/* Whoever got something and sleeps is woken. */
static void wake_others(struct worker *worker)
{
	worker_enter(worker, STAGE_OTHER);
	while (UNLIKELY(worker->given)) {
		unsigned int other = (unsigned int)__builtin_ctzll(worker->given);

		worker->given &= worker->given - 1;
		idle_wake(&worker->dataplane->workers[other]->bell);
	}
}

static bool rings_are_empty(const struct worker *worker)
{
	for (uint16_t w = 0; w < worker->dataplane->worker_count; w++) {
		if (w != worker->index &&
		    (!rte_ring_empty(worker->handoff_in[w]) || !rte_ring_empty(worker->tx_in[w]) ||
		     !rte_ring_empty(worker->updates_in[w])))
			return false;
	}
	return true;
}

/* Offline while asleep: nobody waits for a sleeper's quiescent state. */
static void sleep_offline(struct worker *worker, uint32_t us)
{
	struct dataplane *dataplane = worker->dataplane;
	uint64_t before = rte_rdtsc();

	idle_announce(&worker->bell);
	if (!rings_are_empty(worker)) {
		idle_withdraw(&worker->bell);
		return;
	}
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, worker->index);
	idle_sleep(&worker->bell, us);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, worker->index);
	take_snapshot(worker);
	counter_add(&worker->counters.sleeps, 1);
	counter_add(&worker->counters.slept_us,
		    clock_ns_of(&dataplane->clock, rte_rdtsc() - before) / 1000);
}

/* One pass; true when there was anything to do. */
static bool pass(struct worker *worker)
{
	const uint64_t start = rte_rdtsc(), messages = worker->counters.messages;
	uint64_t end;
	bool worked;

	stage_pass_begin(&worker->stages, STAGE_RX, start);
	worker->now = clock_tick_of(&worker->dataplane->clock, start);
	worked = ingress_poll(worker) != 0;
	worked |= ingress_take_in(worker) != 0;
	worked |= engine_expire(worker);
	worked |= ingress_expire(worker);
	engine_take_failures(worker);
	worked |= tx_take_in(worker) != 0;
	tx_flush(worker);
	wake_others(worker);
	counter_add(&worker->counters.polls, 1);
	end = rte_rdtsc();
	stage_pass_end(&worker->stages, worked, worker->counters.messages - messages, end);
	if (worked)
		counter_add(&worker->counters.busy_cycles, end - start);
	else
		counter_add(&worker->counters.empty_polls, 1);
	return worked;
}

int worker_run(void *argument)
{
	struct worker *worker = argument;
	struct dataplane *dataplane = worker->dataplane;
	struct idle idle = {
		.polls_max = dataplane->config.idle_polls,
		.sleep_us = dataplane->config.idle_sleep_us,
	};
	uint32_t passes = 0;

	idle_prepare_thread();
	worker->lcore = rte_lcore_id();
	rte_rcu_qsbr_thread_register(dataplane->qsbr, worker->index);
	rte_rcu_qsbr_thread_online(dataplane->qsbr, worker->index);
	worker->now = clock_now(&dataplane->clock);
	worker->announce_rounds = ANNOUNCE_ROUNDS;
	while (true) {
		uint32_t us;
		bool worked;

		if (passes++ % HOUSEKEEPING_PASSES == 0 && !keep_house(worker))
			break;
		worked = pass(worker);
		if (LIKELY(worked)) {
			idle.empty_polls = 0;
			continue;
		}
		us = idle_after_poll(&idle, false, worker->now, next_due(worker));
		if (us == 0)
			continue;
		sleep_offline(worker, us);
		passes = 0; /* a sleep is as long as many passes */
	}
	tx_flush(worker);
	rte_rcu_qsbr_thread_offline(dataplane->qsbr, worker->index);
	rte_rcu_qsbr_thread_unregister(dataplane->qsbr, worker->index);
	return 0;
}
