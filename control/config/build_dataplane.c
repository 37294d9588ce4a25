/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration to what dataplane_start takes.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>

#include "config/model.h"

/* Octets in free hugepages of all sizes, as the kernel tells. */
static uint64_t free_hugepages(void)
{
	static const char folder[] = "/sys/kernel/mm/hugepages";
	DIR *directory = opendir(folder);
	uint64_t octets = 0;
	if (!directory)
		return 0;
	for (struct dirent *entry; (entry = readdir(directory));) {
		char path[320];
		uint64_t kib, count;
		if (sscanf(entry->d_name, "hugepages-%" SCNu64 "kB", &kib) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", folder, entry->d_name);
		FILE *file = fopen(path, "re");
		if (!file)
			continue;
		if (fscanf(file, "%" SCNu64, &count) == 1)
			octets += count * kib * 1024;
		fclose(file);
	}
	closedir(directory);
	return octets;
}

static void fill_interface(const struct config_interface *from,
			   struct dataplane_interface_config *to)
{
	const struct config_prefix *own = CONFIG_ITEMS(config_prefix, from->addresses);
	const struct config_address *gateways = CONFIG_ITEMS(config_address, from->gateways);
	static_assert(sizeof(to->name) == sizeof(from->name));
	static_assert(sizeof(to->device) == sizeof(from->device));
	static_assert(sizeof(to->tap) == sizeof(from->tap));
	memcpy(to->name, from->name, sizeof(to->name));
	memcpy(to->device, from->device, sizeof(to->device));
	memcpy(to->tap, from->tap, sizeof(to->tap));
	to->mtu = (uint16_t)from->mtu;
	to->vlan = (uint16_t)from->vlan;
	to->dscp = (uint8_t)from->dscp;
	to->address_count = (uint8_t)from->addresses.count;
	for (uint32_t i = 0; i < from->addresses.count; i++)
		to->addresses[i] = own[i].prefix;
	for (uint32_t i = 0; i < from->gateways.count; i++) {
		if (gateways[i].address.family == IP_V4)
			to->gateway_v4 = gateways[i].address;
		else
			to->gateway_v6 = gateways[i].address;
	}
}

void config_dataplane(const struct config *config, const struct config_identity *identity,
		      struct dataplane_config *dataplane)
{
	const struct config_dataplane *from = &config->dataplane;
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	memset(dataplane, 0, sizeof(*dataplane));
	dataplane->workers = (uint16_t)from->workers;
	dataplane->memory = from->memory;
	dataplane->no_huge = from->huge == HUGE_OFF ||
			     (from->huge == HUGE_AUTO && free_hugepages() < from->memory);
	static_assert(sizeof(dataplane->lcores) == sizeof(from->lcores));
	memcpy(dataplane->lcores, from->lcores, sizeof(dataplane->lcores));
	dataplane->idle_polls = from->idle_polls;
	dataplane->idle_sleep_us = (uint32_t)from->idle_sleep;
	dataplane->shard_key = identity->call_key;
	dataplane->interface_count = config->interfaces.count;
	for (uint32_t i = 0; i < config->interfaces.count; i++)
		fill_interface(&all[i], &dataplane->interfaces[i]);
}
