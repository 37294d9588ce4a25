/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemctl: options, then one command or many. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "api/curve_key.h"
#include "api/protocol.h"
#include "ctl/complete.h"
#include "ctl/help.h"
#include "ctl/run.h"

enum {
	OPTION_VERSION = 256, OPTION_COMPLETION, OPTION_COMPLETE, OPTION_KEY, OPTION_SERVER_KEY,
	OPTION_MAKE_KEY
};

static const struct option options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "timeout", required_argument, NULL, 't' },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "server-key", required_argument, NULL, OPTION_SERVER_KEY },
	{ "make-key", required_argument, NULL, OPTION_MAKE_KEY },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "completion", required_argument, NULL, OPTION_COMPLETION },
	{ "complete", no_argument, NULL, OPTION_COMPLETE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int usage(const char *sentence, const char *word)
{
	fprintf(stderr, "tandemctl: %s '%s'; see tandemctl --help\n", sentence, word);
	return CTL_USAGE;
}

static int wrong_value(const char *why)
{
	fprintf(stderr, "tandemctl: %s\n", why);
	return CTL_USAGE;
}

static int make_key(const char *path)
{
	char error[512], key[CURVE_KEY_TEXT_MAX];

	if (curve_key_file_create(path, key, error, sizeof(error)) < 0) {
		fprintf(stderr, "tandemctl: %s\n", error);
		return CTL_ERROR;
	}
	printf("%s: a new key pair, readable by its owner alone; tandemd needs its public key:\n"
	       "{name: NAME, key: \"%s\"}\n", path, key);
	return CTL_OK;
}

int main(int argc, char **argv)
{
	struct ctl_session session = {
		.endpoint = API_ENDPOINT_DEFAULT,
		.timeout_ms = 5000,
		.out = stdout,
		.err = stderr,
	};
	char endpoint[CTL_ENDPOINT_MAX], why[CTL_WHY_MAX];
	enum ctl_status status;
	int option;
	char letter[] = "-?";
	const char *key_file = NULL, *server_key = NULL;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:s:jt:h", options, NULL)) != -1) {
		switch (option) {
		case 's':
			if (!ctl_endpoint_take(optarg, endpoint, why, sizeof(why)))
				return wrong_value(why);
			session.endpoint = endpoint;
			break;
		case 'j':
			session.is_json = true;
			break;
		case 't':
			if (!ctl_timeout_take(optarg, &session.timeout_ms, why, sizeof(why)))
				return wrong_value(why);
			break;
		case OPTION_KEY:
			key_file = optarg;
			break;
		case OPTION_SERVER_KEY:
			server_key = optarg;
			break;
		case OPTION_MAKE_KEY:
			return make_key(optarg);
		case OPTION_VERSION:
			puts("tandemctl " TANDEM_VERSION);
			return CTL_OK;
		case OPTION_COMPLETION:
			return ctl_complete_script(optarg, stdout) ?
				       CTL_OK :
				       usage("completion is for bash, not", optarg);
		case OPTION_COMPLETE: /* what the script asks; all that follows is what was typed */
			ctl_complete_shell(argc - optind, (const char *const *)(argv + optind),
					   session.endpoint, stdout);
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
	ctl_client_use_keys(key_file, server_key);
	if (optind == argc)
		status = ctl_interactive(&session);
	else
		status = ctl_run(&session, argc - optind, (const char *const *)(argv + optind));
	ctl_session_close(&session);
	return (int)status;
}
