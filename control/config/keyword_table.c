/* SPDX-License-Identifier: BSD-3-Clause */
/* The sections, in the order in which the reference prints them; what they hold is in keywords_*.c. */
#include "config/keywords.h"

const struct keyword_table *const keyword_tables[SECTION_COUNT] = {
	[SECTION_ROOT] = &keywords_root,
	[SECTION_DATAPLANE] = &keywords_dataplane,
	[SECTION_CLUSTER] = &keywords_cluster,
	[SECTION_INTERFACE] = &keywords_interface,
	[SECTION_TIMERS] = &keywords_timers,
	[SECTION_SERVICE] = &keywords_service,
	[SECTION_SERVICE_TIMERS] = &keywords_service_timers,
	[SECTION_POOL] = &keywords_pool,
	[SECTION_POOL_TIMERS] = &keywords_pool_timers,
	[SECTION_TARGET] = &keywords_target,
	[SECTION_FAILOVER] = &keywords_failover,
	[SECTION_PROBE] = &keywords_probe,
	[SECTION_BLACKLIST] = &keywords_blacklist,
	[SECTION_RESOLVER] = &keywords_resolver,
	[SECTION_CONTROL] = &keywords_control,
	[SECTION_LOG] = &keywords_log,
	[SECTION_TELEMETRY] = &keywords_telemetry,
	[SECTION_HEP] = &keywords_hep,
	[SECTION_REMOTE] = &keywords_remote,
	[SECTION_REMOTE_CLIENT] = &keywords_remote_client,
	[SECTION_AGENT] = &keywords_agent,
};
