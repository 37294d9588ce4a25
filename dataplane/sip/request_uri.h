/* SPDX-License-Identifier: BSD-3-Clause */
/* A URI as it may stand in a request line.  Pure; whoever routes decides which URI that is. */
#ifndef SIP_REQUEST_URI_H
#define SIP_REQUEST_URI_H

#include "base/text.h"
#include "sip/uri.h"

/*
 * Writes a decoded SIP URI without what no Request-URI may have: headers and the parameter `method`
 * (RFC 3261 §16.6 item 2, §19.1.1).  With `strips_maddr` also without maddr and without a port
 * (§16.4).  `host_port` replaces host and port unless it is empty.  URIs of other schemes are
 * written as they are.
 */
void sip_request_uri_put(struct text_writer *w, const struct sip_uri *uri, bool strips_maddr,
			 struct span host_port);

#endif
