/* SPDX-License-Identifier: BSD-3-Clause */
/* Build tool: prints a manual page's text with the line @COMMANDS@ replaced by the table. */
#include <stdio.h>
#include <string.h>

#include "ctl/help.h"

int main(int argc, char **argv)
{
	char line[1024];
	FILE *in = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!in) {
		fprintf(stderr, "usage: manual TEMPLATE\n");
		return 1;
	}
	while (fgets(line, sizeof(line), in)) {
		if (strcmp(line, "@COMMANDS@\n") == 0)
			ctl_help_manual(stdout);
		else
			fputs(line, stdout);
	}
	fclose(in);
	return 0;
}
