/* SPDX-License-Identifier: BSD-3-Clause */
/* Build tool: prints tandem.yaml(5). */
#include "config/config.h"

int main(void)
{
	config_print_manual(stdout);
	return ferror(stdout) ? 1 : 0;
}
