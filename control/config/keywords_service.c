/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of a service.  Data only. */
#include "config/keywords.h"

static const struct keyword_choice mode_choices[] = {
	{ "stateful", MODE_STATEFUL, NULL },
	{ "stateless", MODE_STATELESS, NULL },
};

static const struct keyword_choice cseq_check_choices[] = {
	{ "off", CSEQ_CHECK_OFF, NULL },
	{ "log", CSEQ_CHECK_LOG, NULL },
	{ "enforce", CSEQ_CHECK_ENFORCE, NULL },
};

static const struct keyword_choice nat_choices[] = {
	{ "auto", NAT_AUTO, NULL },
	{ "off", NAT_OFF, NULL },
};

static const struct keyword_choice extra_2xx_choices[] = {
	{ "forward", EXTRA_2XX_FORWARD, NULL },
	{ "drop", EXTRA_2XX_DROP, NULL },
	{ "ack-bye", EXTRA_2XX_ACK_BYE, NULL },
};

static const struct keyword service_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, .reloadable = true,
	  FIELD(config_service, name), .min = 1,
	  .help = "What the service is called in every output.", .example = "inbound" },
	{ .name = "listen", .type = KEYWORD_LISTENS, .required = true, .reloadable = true,
	  FIELD(config_service, listens), .min = 1, .max = 64,
	  .help = "Transport, address and port; the address is one of an interface's.  Several "
		  "services may share one when all but one of them have `from`.",
	  .example = "[\"udp:192.0.2.1:5060\", \"udp:[2001:db8::1]:5060\"]" },
	{ .name = "pool", .type = KEYWORD_NAME, .required = true, .reloadable = true,
	  FIELD(config_service, pool), .min = 1,
	  .help = "Where initial requests go: a pool, or `request-uri` to follow the Request-URI, as "
		  "far as `peers` allows.",
	  .example = "switches" },
	{ .name = "from", .type = KEYWORD_NAME, .reloadable = true, FIELD(config_service, from),
	  .min = 1, .unset_means = "requests from anywhere",
	  .help = "Serve requests only whose source address is that of a target of this pool.  On a "
		  "shared listen address it wins over a service without `from`; of two that claim a "
		  "source, the first in the file has it.",
	  .example = "switches" },
	{ .name = "mode", .type = KEYWORD_CHOICE, .reloadable = true, FIELD(config_service, mode),
	  CHOICES(mode_choices), .unset = "stateful",
	  .help = "`stateful` keeps RFC 3261 transactions: it absorbs retransmissions, answers 100 "
		  "and fails over.  `stateless` keeps nothing (RFC 3261 §16.11): every message is "
		  "sent on by its Call-ID and this file alone, whether the target answers or not.  Its "
		  "pool's policy has to be `call-id-hash`, a `failover` there would do nothing, and "
		  "`tandemctl target drain|maint|ready` takes effect 64*t1 later.",
	  .example = "stateless" },
	{ .name = "record_route", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, record_route), .unset = "true",
	  .help = "Stay on the path of the dialog by a signed Record-Route.", .example = "false" },
	{ .name = "rewrite_host", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, rewrite_host), .unset = "false",
	  .help = "Replace host and port of the Request-URI by the target's, for targets that refuse "
		  "a foreign domain.",
	  .example = "true" },
	{ .name = "push_route", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, push_route), .unset = "false",
	  .help = "Put `<target;lr>` in front of the Routes, for targets that want to see themselves "
		  "there.",
	  .example = "true" },
	{ .name = "nat", .type = KEYWORD_CHOICE, .reloadable = true, FIELD(config_service, nat),
	  CHOICES(nat_choices), .unset = "auto",
	  .help = "`auto`: a caller that sent its request without a proxy in between is reached at "
		  "the address and port its request came from for the rest of the dialog, whatever its "
		  "Contact says.  `off`: the Contact is followed.",
	  .example = "off" },
	{ .name = "extra_2xx", .type = KEYWORD_CHOICE, .reloadable = true,
	  FIELD(config_service, extra_2xx), CHOICES(extra_2xx_choices), .unset = "forward",
	  .help = "When a second party answers an INVITE that another one has answered.  `forward`: "
		  "the caller gets each 2xx and ends what it does not want (RFC 3261 §16.7 item 5).  "
		  "`drop`: the caller does not hear of it, and the other party repeats its 2xx for "
		  "64*t1 before it gives up.  `ack-bye`: the caller does not hear of it, and Tandem "
		  "acknowledges the leg and ends it with BYE; wants `record_route`.",
	  .example = "ack-bye" },
	{ .name = "domains", .type = KEYWORD_DOMAINS, .reloadable = true,
	  FIELD(config_service, domains), .min = 1, .max = 256,
	  .unset_means = "any Request-URI is served",
	  .help = "Narrow the service to Request-URIs with these hosts (RFC 3261 §16.5); an initial "
		  "request for any other is answered with 403.",
	  .example = "[sip.example.com]" },
	{ .name = "timers", .type = KEYWORD_MAP, .section = SECTION_SERVICE_TIMERS,
	  .reloadable = true, FIELD(config_service, timers),
	  .unset_means = "the timers of the section `timers`",
	  .help = "Timers of this service's transactions: towards the callers, and towards a pool that "
		  "has none of its own.",
	  .example = "{t1: 1s, t2: 8s}" },
	{ .name = "cseq_check", .type = KEYWORD_CHOICE, .reloadable = true,
	  FIELD(config_service, cseq_check), CHOICES(cseq_check_choices), .unset = "log",
	  .help = "What to do when a request in a dialog of this service has a CSeq below the last one "
		  "of its direction (RFC 3261 §12.2.2).  `log`: it is counted, told of as an event, "
		  "and forwarded; `enforce`: it is answered with 500; `off`: nothing is looked at.  A "
		  "gap is fine.  What was overtaken on the way, by less than 32 numbers and 64*t1, is in "
		  "order; ACK, CANCEL and PRACK always are.  Needs `record_route`.",
	  .example = "enforce" },
	{ .name = "dialog_age", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_service, dialog_age), .min = 60 * SECONDS, .max = 7 * 24 * HOURS,
	  .unset = "12h",
	  .help = "How long a dialog without a session timer (RFC 4028) is remembered after its last "
		  "INVITE, if no BYE ends it.  A dialog that is not remembered goes on; the order of "
		  "its requests is not checked.",
	  .example = "4h" },
	{ .name = "bye_unacknowledged", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_service, bye_unacknowledged), .unset = "false",
	  .help = "End a call with BYE towards both sides when an INVITE of it was answered 2xx and no "
		  "ACK came within 64*t1, as the callee should (RFC 3261 §13.3.1.4).  Costs a copy of "
		  "some hundred octets from the 2xx to its ACK.  A proxy that sends requests of its own "
		  "leaves the RFC knowingly.  Needs `record_route`.",
	  .example = "true" },
};

KEYWORD_TABLE(keywords_service, "services[]", config_service, service_keywords,
	      "One entry a service.")
