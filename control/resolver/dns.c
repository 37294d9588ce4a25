/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS in tandemd; see dns.h. */
#include "resolver/dns.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "api/control.h"
#include "balance/interface.h"
#include "config/config.h"
#include "resolver/srv_pools.h"

struct dns {
	struct resolver *resolver;
	struct srv_pools *pools;
	struct resolver_settings settings; /* as configured last */
};

static int dns_replace(void *context, const char *pool, const struct target_spec *specs,
		       uint32_t count)
{
	struct control *control = context;

	return target_set_replace(control->publisher.targets, pool, TARGET_SOURCE_SRV, specs, count);
}

static void dns_publish(void *context)
{
	control_publish_soon(context, "DNS");
}

/* What --check asks of a target's address; before there is a snapshot nothing can be said. */
static bool dns_is_usable(void *context, const struct ip_address *address)
{
	const struct control *control = context;
	const struct balance_snapshot *snapshot = control->snapshot;

	if (ip_address_is_bogus(address))
		return false;
	return !snapshot || (!balance_is_own_address(snapshot, address) &&
			     balance_egress_find(snapshot, address) != BALANCE_NONE);
}

static void dns_tell(void *context, json_t *fields, const char *text)
{
	struct control *control = context;

	events_raise(&control->events, "dns", fields, "%s", text);
}

static int dns_configure_pools(struct control *control)
{
	struct srv_pool_config configs[SRV_NAMES_MAX];
	uint32_t count = 0;

	while (count < SRV_NAMES_MAX &&
	       (configs[count].pool =
			config_srv_pool(control->config, count, &configs[count].name)))
		count++;
	return srv_pools_configure(control->dns->pools, configs, count);
}

/* After a reload: other name servers, other pools. */
static void dns_published(void *context, const struct balance_snapshot *)
{
	struct control *control = context;
	struct dns *dns = control->dns;
	struct resolver_settings settings;
	char error[256];

	config_resolver(control->config, &settings);
	if (memcmp(&settings, &dns->settings, sizeof(settings)) != 0) {
		dns->settings = settings;
		if (resolver_configure(dns->resolver, &settings, error, sizeof(error)) < 0)
			dns_tell(control, NULL, error);
	}
	if (dns_configure_pools(control) < 0)
		dns_tell(control, NULL, "some pools do not follow DNS: out of memory");
}

int dns_open(struct control *control, char *error, size_t size)
{
	static const char no_memory[] = "out of memory for the resolver";
	const struct srv_pools_ops ops = {
		.context = control,
		.replace = dns_replace,
		.publish = dns_publish,
		.is_usable = dns_is_usable,
		.tell = dns_tell,
	};
	char path[PATH_MAX];
	struct dns *dns = calloc(1, sizeof(*dns));

	snprintf(error, size, no_memory);
	if (!dns)
		return -ENOMEM;
	control->dns = dns;
	config_resolver(control->config, &dns->settings);
	dns->resolver = resolver_create(control->loop, &dns->settings, error, size);
	if (!dns->resolver)
		return -EIO;
	snprintf(path, sizeof(path), "%s/dns.json", config_state_dir(control->config));
	snprintf(error, size, no_memory);
	dns->pools = srv_pools_create(control->loop, dns->resolver, &ops, path);
	if (!dns->pools || dns_configure_pools(control) < 0)
		return -ENOMEM;
	control_on_publish(control, dns_published, control);
	return 0;
}

void dns_close(struct control *control)
{
	struct dns *dns = control->dns;

	if (!dns)
		return;
	srv_pools_destroy(dns->pools);
	resolver_destroy(dns->resolver);
	free(dns);
	control->dns = NULL;
}

struct resolver *dns_resolver(const struct control *control)
{
	return control->dns->resolver;
}

json_t *dns_show(const struct control *control, const char *name)
{
	return srv_pools_show(control->dns->pools, name);
}
