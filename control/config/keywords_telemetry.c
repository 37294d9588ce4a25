/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of what others are told: log, export of messages.  Data only. */
#include "config/keywords.h"
#include "config/settings.h"

static const struct keyword_choice target_choices[] = {
	{ "stderr", LOG_TO_STDERR, NULL },
	{ "journald", LOG_TO_JOURNALD, NULL },
};

static const struct keyword_choice format_choices[] = {
	{ "text", LOG_AS_TEXT, NULL },
	{ "json", LOG_AS_JSON, NULL },
};

static const struct keyword_choice level_choices[] = {
	{ "error", LOG_LEVEL_ERROR, NULL },
	{ "warning", LOG_LEVEL_WARNING, NULL },
	{ "notice", LOG_LEVEL_NOTICE, NULL },
	{ "info", LOG_LEVEL_INFO, NULL },
};

static const struct keyword log_keywords[] = {
	{ .name = "target", .type = KEYWORD_CHOICE, FIELD(config_log, target),
	  CHOICES(target_choices), .unset = "stderr",
	  .help = "Where events go, one line each.  `journald`: by the journal's own protocol, each "
		  "member of the event as a field (`TANDEM_KIND`, `TANDEM_TARGET`, ...); what the "
		  "journal does not take at once is dropped and counted.",
	  .example = "journald" },
	{ .name = "format", .type = KEYWORD_CHOICE, FIELD(config_log, format),
	  CHOICES(format_choices), .unset = "text",
	  .help = "Lines on stderr: for people, or one JSON object each with all members of the "
		  "event.",
	  .example = "json" },
	{ .name = "level", .type = KEYWORD_CHOICE, FIELD(config_log, level), CHOICES(level_choices),
	  .unset = "info",
	  .help = "The least grave that is logged.  Clients that follow events get all of them.  Of one "
		  "kind about one target, peer or service ten lines at once and one a second are "
		  "logged, the rest is counted and told of later; start, stop and what concerns the "
		  "configuration always are.",
	  .example = "notice" },
};

static const struct keyword telemetry_keywords[] = {
	{ .name = "hep", .type = KEYWORD_MAP, .section = SECTION_HEP, FIELD(config_telemetry, hep),
	  .unset_means = "messages are not exported",
	  .help = "Every SIP message that is received or sent goes to Homer as HEPv3 over UDP, by the "
		  "kernel's network.  Workers copy it into a ring and never wait: what does not fit "
		  "there or at the socket is dropped and counted.",
	  .example = "{server: \"198.51.100.9:9060\", capture_id: 2001}" },
};

static const struct keyword hep_keywords[] = {
	{ .name = "server", .type = KEYWORD_ENDPOINT, .required = true, FIELD(config_hep, server),
	  .help = "Where Homer listens: an address, since a name would have to be looked up.",
	  .example = "\"198.51.100.9:9060\"" },
	{ .name = "capture_id", .type = KEYWORD_INTEGER, FIELD(config_hep, capture_id), .min = 0,
	  .max = UINT32_MAX, .unset = "0",
	  .help = "Number by which Homer tells this instance from other agents.", .example = "2001" },
	{ .name = "node", .type = KEYWORD_NAME, FIELD(config_hep, node), .min = 1,
	  .unset_means = "no name is sent",
	  .help = "Name by which Homer shows this instance.", .example = "lb1" },
	{ .name = "password_file", .type = KEYWORD_TEXT, FIELD(config_hep, password_file),
	  .min = 1, .unset_means = "no password is sent",
	  .help = "File, mode 0600, whose first line Homer wants as the agent's password.  HEP sends "
		  "it as it is in every packet.",
	  .example = "/etc/tandem/homer.password" },
	{ .name = "sample", .type = KEYWORD_INTEGER, FIELD(config_hep, sample), .min = 1,
	  .max = 1000000, .unset = "1",
	  .help = "Of so many calls one is sent, with all its messages, chosen by the Call-ID; 1: all.",
	  .example = "100" },
	{ .name = "message_max", .type = KEYWORD_SIZE, FIELD(config_hep, message_max), .min = 256,
	  .max = 64000, .unset = "16000B",
	  .help = "A longer message is sent without its end, and counted.", .example = "8KiB" },
};

KEYWORD_TABLE(keywords_log, "log", config_log, log_keywords, "Read at start.")

KEYWORD_TABLE(keywords_telemetry, "telemetry", config_telemetry, telemetry_keywords,
	      "Read at start.")

KEYWORD_TABLE(keywords_hep, "telemetry.hep", config_hep, hep_keywords, "Read at start.")
