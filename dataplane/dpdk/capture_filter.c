/* SPDX-License-Identifier: BSD-3-Clause */
/* See capture_filter.h. */
#include "dpdk/capture_filter.h"
#include "dpdk/match.h"

void capture_filter_init(struct capture_filter *filter, const struct dataplane_capture_filter *is)
{
	filter->is = *is;
	filter->call_id = span_of_string(filter->is.call_id);
	filter->method = span_of_string(filter->is.method);
	filter->is_any = !filter->call_id.len && !filter->method.len &&
			 is->host.family == IP_NONE && is->target.address.family == IP_NONE;
}

static bool is_address(const struct ip_address *address, const struct match_frame *frame,
		       const uint8_t *bytes)
{
	return address->family == frame->family &&
	       memcmp(address->bytes, bytes, ip_address_size(address)) == 0;
}

static bool is_endpoint(const struct endpoint *endpoint, const struct match_frame *frame,
			const uint8_t *bytes, uint16_t port)
{
	return endpoint->port == port && is_address(&endpoint->address, frame, bytes);
}

bool capture_filter_takes(const struct capture_filter *filter, const uint8_t *bytes, uint32_t len)
{
	const struct dataplane_capture_filter *is = &filter->is;
	struct match_frame frame;

	if (filter->is_any)
		return true;
	if (!match_frame_of(bytes, len, &frame))
		return false;
	if (is->host.family != IP_NONE && !is_address(&is->host, &frame, frame.source) &&
	    !is_address(&is->host, &frame, frame.destination))
		return false;
	if (is->target.address.family != IP_NONE &&
	    !is_endpoint(&is->target, &frame, frame.source, frame.source_port) &&
	    !is_endpoint(&is->target, &frame, frame.destination, frame.destination_port))
		return false;
	if (filter->call_id.len && !span_equal(filter->call_id, match_call_id(frame.payload)))
		return false;
	return !filter->method.len || span_equal(filter->method, match_method(frame.payload));
}
