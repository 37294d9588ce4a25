/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values of options: text to value.  Each says in error[OPTIONS_ERROR_MAX] which option is
 * wrong, how, and what is accepted, and is then false; the value is then unchanged or of no use.
 */
#ifndef GENERATOR_OPTION_VALUES_H
#define GENERATOR_OPTION_VALUES_H

#include "generator/options.h"

#define OPTION_PORT_SIP 5060u

/* Sets the sentence; returns false. */
bool option_wrong(char *error, const char *format, ...) PRINTF_LIKE(2, 3);

[[nodiscard]] bool option_number(const char *name, const char *text, uint64_t min, uint64_t max,
				 uint64_t *out, char *error);
[[nodiscard]] bool option_number_u32(const char *name, const char *text, uint32_t min, uint32_t max,
				     uint32_t *out, char *error);
/* Above 0. */
[[nodiscard]] bool option_decimal(const char *name, const char *text, double max, double *out,
				  char *error);
/* *out is the index of the name. */
[[nodiscard]] bool option_choice(const char *name, const char *text, const char *const *names,
				 uint8_t count, uint8_t *out, char *error);
[[nodiscard]] bool option_mix(const char *name, const char *text, struct traffic_mix *out,
			      char *error);
/* "ADDR[:PORT[-PORT]][,..]", at most `max` endpoints in all. */
[[nodiscard]] bool option_endpoints(const char *name, const char *text, uint16_t port, uint32_t max,
				    struct endpoint *out, uint16_t *count, char *error);
[[nodiscard]] bool option_endpoint(const char *name, const char *text, struct endpoint *out,
				   char *error);
/* "ADDR[,ADDR]"; sets that of each family. */
[[nodiscard]] bool option_gateway(const char *name, const char *text, struct options_gateway *out,
				  char *error);

#endif
