/* SPDX-License-Identifier: BSD-3-Clause */
/* `show dns` for people. */
#ifndef CTL_RENDER_DNS_H
#define CTL_RENDER_DNS_H

#include <jansson.h>
#include <stdio.h>

void ctl_render_dns(const json_t *body, FILE *out);

#endif
