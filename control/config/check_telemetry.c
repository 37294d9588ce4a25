/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and files of metrics and export; part of config_check. */
#include "config/model.h"

static bool is_own(const struct config *config, const struct ip_address *address)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	for (uint32_t i = 0; i < config->interfaces.count; i++) {
		const struct config_prefix *own = CONFIG_ITEMS(config_prefix, all[i].addresses);
		for (uint32_t j = 0; j < all[i].addresses.count; j++) {
			if (ip_address_equal(&own[j].prefix.address, address))
				return true;
		}
	}
	return false;
}

/* What the kernel would refuse at start is told now. */
static void check_metrics(const struct config *config, struct config_report *report)
{
	const struct config_listen *all = CONFIG_ITEMS(config_listen, config->control.metrics);
	char text[ENDPOINT_TEXT_MAX];
	for (uint32_t i = 0; i < config->control.metrics.count; i++) {
		if (is_own(config, &all[i].endpoint.address))
			config_error(report, all[i].at,
				     "metrics: %s is an address of Tandem's, which the kernel does not "
				     "have; accepted: an address of the kernel's",
				     endpoint_to_string(&all[i].endpoint, text));
		for (uint32_t j = 0; j < i; j++) {
			if (endpoint_equal(&all[j].endpoint, &all[i].endpoint))
				config_error(report, all[i].at,
					     "metrics: %s is given twice; accepted: once",
					     endpoint_to_string(&all[i].endpoint, text));
		}
	}
}

void config_check_telemetry(const struct config *config, struct config_report *report)
{
	const struct config_hep *hep = &config->telemetry.hep;
	char text[ENDPOINT_TEXT_MAX];
	check_metrics(config, report);
	config_check_path("password_file", hep->password_file,
			  CONFIG_AT(SECTION_HEP, hep, password_file), report);
	if (hep->server.address.family != IP_NONE && is_own(config, &hep->server.address))
		config_error(report, CONFIG_AT(SECTION_HEP, hep, server),
			     "server: %s is an address of Tandem's; accepted: Homer's",
			     endpoint_to_string(&hep->server, text));
}
