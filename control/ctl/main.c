/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemctl: options, then one command or many. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "api/protocol.h"
#include "base/text.h"
#include "ctl/help.h"
#include "ctl/run.h"

enum { OPTION_VERSION = 256 };

static const struct option options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "timeout", required_argument, NULL, 't' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int usage(const char *sentence, const char *word)
{
	fprintf(stderr, "tandemctl: %s '%s'; see tandemctl --help\n", sentence, word);
	return CTL_USAGE;
}

static bool take_timeout(const char *word, int *timeout_ms)
{
	uint64_t seconds;

	if (!text_parse_u64(span_of_string(word), 86400, &seconds) || seconds == 0)
		return false;
	*timeout_ms = (int)seconds * 1000;
	return true;
}

/* A bare path means the socket file. */
static const char *take_endpoint(const char *word)
{
	static char endpoint[256];

	if (word[0] != '/')
		return word;
	snprintf(endpoint, sizeof(endpoint), "ipc://%s", word);
	return endpoint;
}

int main(int argc, char **argv)
{
	struct ctl_session session = {
		.endpoint = API_ENDPOINT_DEFAULT,
		.timeout_ms = 5000,
		.out = stdout,
		.err = stderr,
	};
	enum ctl_status status;
	int option;
	char letter[] = "-?";

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:s:jt:h", options, NULL)) != -1) {
		switch (option) {
		case 's':
			session.endpoint = take_endpoint(optarg);
			break;
		case 'j':
			session.is_json = true;
			break;
		case 't':
			if (!take_timeout(optarg, &session.timeout_ms))
				return usage("no number of seconds:", optarg);
			break;
		case OPTION_VERSION:
			puts("tandemctl " TANDEM_VERSION);
			return CTL_OK;
		case 'h':
			ctl_help(stdout);
			return CTL_OK;
		case ':':
			return usage("a value is missing after", argv[optind - 1]);
		default:
			/* Among letters behind one hyphen, the one that is not known. */
			letter[1] = (char)optopt;
			return usage("unknown option", optopt ? letter : argv[optind - 1]);
		}
	}
	if (optind == argc)
		status = ctl_interactive(&session);
	else
		status = ctl_run(&session, argc - optind, (const char *const *)(argv + optind));
	ctl_session_close(&session);
	return (int)status;
}
