/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of who may ask and help tandemd from outside: remote operators, agents.  Data only. */
#include "config/keywords.h"

static const struct keyword_choice access_choices[] = {
	{ "all", 1, NULL },
	{ "read", 0, NULL },
};

static const struct keyword_choice provides_choices[] = {
	{ "targets", AGENT_PROVIDES_TARGETS, NULL },
};

static const struct keyword remote_keywords[] = {
	{ .name = "listen", .type = KEYWORD_TEXTS, .required = true, FIELD(config_remote, listens),
	  .min = 1, .max = CONFIG_REMOTE_LISTENS_MAX,
	  .help = "Where: `tcp://ADDRESS:PORT`, an IPv6 address in brackets.  It is an address of the "
		  "machine's own network, which the kernel has, and not one of `interfaces`.",
	  .example = "[\"tcp://192.0.2.250:9591\"]" },
	{ .name = "key_file", .type = KEYWORD_TEXT, .min = 1, FIELD(config_remote, key_file),
	  .unset_means = "file `control.key` in `state_dir`, made at the first start",
	  .help = "The server's key pair, an absolute path, mode 0600; `tandemd --make-control-key` "
		  "makes one.  Its public half is what clients need, and is told at start.",
	  .example = "/etc/tandem/control.key" },
	{ .name = "clients", .type = KEYWORD_LIST, .section = SECTION_REMOTE_CLIENT,
	  .required = true, FIELD(config_remote, clients), .min = 1, .max = 256,
	  .help = "Who may come in.",
	  .example = "[{name: alice, key: \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"}]" },
};

static const struct keyword remote_client_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, FIELD(config_remote_client, name),
	  .min = 1, .help = "Whose key it is, as `tandemctl show clients` tells it.",
	  .example = "alice" },
	{ .name = "key", .type = KEYWORD_TEXT, .required = true, FIELD(config_remote_client, key),
	  .min = 1,
	  .help = "The public key, 40 characters of Z85 in quotes, as `tandemctl --make-key` prints "
		  "it.",
	  .example = "\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"" },
	{ .name = "access", .type = KEYWORD_CHOICE, FIELD(config_remote_client, access),
	  CHOICES(access_choices), .unset = "all",
	  .help = "`read`: `show`, `explain` and `events`, and nothing that changes something.",
	  .example = "read" },
};

static const struct keyword agent_keywords[] = {
	{ .name = "name", .type = KEYWORD_NAME, .required = true, FIELD(config_agent, name),
	  .min = 1, .help = "What the agent is called in every output.", .example = "list" },
	{ .name = "command", .type = KEYWORD_TEXTS, .required = true, FIELD(config_agent, command),
	  .min = 1, .max = CONFIG_AGENT_WORDS_MAX,
	  .help = "The program, an absolute path, and its arguments; no shell.  It runs as tandemd's "
		  "user (`/usr/bin/setpriv --reuid nobody PROGRAM` changes that), and everybody on "
		  "the machine sees its arguments.",
	  .example = "[/usr/local/libexec/tandem-agent-file, /etc/tandem/targets]" },
	{ .name = "provides", .type = KEYWORD_CHOICES, FIELD(config_agent, provides),
	  CHOICES(provides_choices), .unset = "[targets]",
	  .help = "What it is asked for.  `targets`: the targets of `pools`, beside those that the "
		  "file lists.",
	  .example = "[targets]" },
	{ .name = "pools", .type = KEYWORD_TEXTS, .required = true, FIELD(config_agent, pools),
	  .min = 1, .max = 256,
	  .help = "The pools that it is asked about.  Of the agents that provide targets one alone may "
		  "have a pool.",
	  .example = "[switches]" },
};

KEYWORD_TABLE(keywords_remote, "control.remote", config_remote, remote_keywords, "Read at start.")

KEYWORD_TABLE(keywords_remote_client, "control.remote.clients[]", config_remote_client,
	      remote_client_keywords, "One entry a key.")

KEYWORD_TABLE(keywords_agent, "agents[]", config_agent, agent_keywords,
	      "One entry a process.  Read at start.")
