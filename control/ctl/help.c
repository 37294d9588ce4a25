/* SPDX-License-Identifier: BSD-3-Clause */
/* Help out of the table of commands; see help.h. */
#include "ctl/help.h"

#include <string.h>

#include "api/protocol.h"
#include "ctl/command.h"

#define USAGE_MAX  256
#define TEXT_WIDTH 78

static void put_summary(enum api_command_id id, FILE *out)
{
	fprintf(out, "  %-17s %s\n", api_commands[id].name, api_commands[id].help);
}

void ctl_help(FILE *out)
{
	fprintf(out, "Usage: tandemctl [--socket ENDPOINT] [--json] [--timeout SECONDS] COMMAND ...\n"
		     "       tandemctl [--socket ENDPOINT]           (interactive)\n"
		     "       tandemctl --socket tcp://HOST:PORT --key FILE --server-key KEY ...\n"
		     "       tandemctl --make-key FILE\n\n"
		     "Asks a running tandemd, or tells it something.\n\nCommands:\n");
	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++)
		put_summary((enum api_command_id)id, out);
	fprintf(out, "  %-17s %s\n", "help", "this text, or that of the command behind it; also ?");
	fprintf(out,
		"\nOptions before the command:\n"
		"      --key FILE          this operator's key pair, for tcp\n"
		"      --server-key KEY    tandemd's public key, or a file that has it, for tcp\n"
		"      --make-key FILE     make a key pair, print its public key, and end\n"
		"Before or behind it:\n"
		"  -s, --socket ENDPOINT   control socket, default %s\n"
		"  -j, --json              print the answer as JSON\n"
		"  -t, --timeout SECONDS   how long tandemd may be silent, default 5\n"
		"      --completion bash   print bash's completion of tandemctl\n"
		"      --version           print the version\n"
		"  -h, --help              this text; after a command, that command's help\n\n"
		"Exit status: 0 done, 1 tandemd answered with an error, 2 wrong usage, 3 no tandemd.\n",
		API_ENDPOINT_DEFAULT);
}

static void put_wrapped(const char *text, FILE *out)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");
		if (column && column + 1 + len > TEXT_WIDTH) {
			fputc('\n', out);
			column = 0;
		} else if (column) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, len, out);
		column += len;
		text += len + (text[len] == ' ');
	}
	fputc('\n', out);
}

/* "--call-ids FILE" */
static void put_arg(const struct api_arg *arg, char *text, size_t size)
{
	size_t len = arg->is_option ? (size_t)snprintf(text, size, "--%s", arg->key) : 0;

	for (size_t i = 0; i < len && i < size; i++) {
		if (text[i] == '_')
			text[i] = '-';
	}
	if (arg->value_name && len < size)
		snprintf(text + len, size - len, "%s%s", len ? " " : "", arg->value_name);
}

void ctl_help_command(enum api_command_id id, FILE *out)
{
	const struct api_command *command = &api_commands[id];
	char text[USAGE_MAX];

	fprintf(out, "Usage: tandemctl %s\n\n", api_command_usage(id, text, sizeof(text)));
	put_wrapped(command->text, out);
	if (command->args[0].kind != API_ARG_END)
		fputc('\n', out);
	for (const struct api_arg *arg = command->args; arg->kind != API_ARG_END; arg++) {
		put_arg(arg, text, sizeof(text));
		fprintf(out, "  %-20s %s\n", text, arg->help);
	}
}

bool ctl_help_words(int count, const char *const *words, FILE *out, char *why, size_t size)
{
	int used;
	bool has_any = false;
	enum api_command_id id = ctl_command_find(count, words, &used);

	if (count == 0) {
		ctl_help(out);
		return true;
	}
	if (id != API_COMMAND_COUNT) {
		ctl_help_command(id, out);
		return true;
	}
	for (unsigned int i = 0; i < API_COMMAND_COUNT; i++) {
		if (!ctl_command_goes_on((enum api_command_id)i, count, words))
			continue;
		put_summary((enum api_command_id)i, out);
		has_any = true;
	}
	if (!has_any)
		ctl_command_why_none(count, words, why, size);
	return has_any;
}

/* A leading point or quote would be a request, a hyphen would become another character. */
static void put_roff(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
}

void ctl_help_manual(FILE *out)
{
	char text[USAGE_MAX];

	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++) {
		fputs(".TP\n.B ", out);
		put_roff(api_command_usage(id, text, sizeof(text)), out);
		fputc('\n', out);
		put_roff(api_commands[id].text, out);
		fputc('\n', out);
		if (api_commands[id].args[0].kind != API_ARG_END)
			fputs(".RS\n", out);
		for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
			put_arg(arg, text, sizeof(text));
			fputs(".TP\n.I ", out);
			put_roff(text, out);
			fputc('\n', out);
			put_roff(arg->help, out);
			fputc('\n', out);
		}
		if (api_commands[id].args[0].kind != API_ARG_END)
			fputs(".RE\n", out);
	}
}
