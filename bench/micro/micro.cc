// SPDX-License-Identifier: BSD-3-Clause
// See micro.h.
#include "micro.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "machine.h"

namespace
{

std::string gigahertz(double hz)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", hz / 1e9);
	return text;
}

std::string text_of(void (*fill)(char *, size_t))
{
	char text[256];

	fill(text, sizeof(text));
	return text;
}

void context_add(const std::string &pages)
{
	benchmark::AddCustomContext("cpu_model", text_of(machine_cpu_model));
	benchmark::AddCustomContext("tsc_ghz", gigahertz(machine_tsc_hz()));
	benchmark::AddCustomContext("effective_ghz", gigahertz(machine_effective_hz()));
	benchmark::AddCustomContext("governor", text_of(machine_governor));
	benchmark::AddCustomContext("pinned", text_of(machine_pinned));
	benchmark::AddCustomContext("hugepages", pages);
	benchmark::AddCustomContext("build_type", MICRO_BUILD_TYPE);
	benchmark::AddCustomContext("compiler", MICRO_COMPILER);
}

// Google Benchmark's own help does not know this option, nor does it accept it.
bool pages_take(int *argc, char **argv, std::string *pages)
{
	static const char option[] = "--pages=";
	int kept = 1;

	*pages = "huge";
	for (int i = 1; i < *argc; i++) {
		if (strncmp(argv[i], option, sizeof(option) - 1) == 0)
			*pages = argv[i] + sizeof(option) - 1;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = nullptr;
	*argc = kept;
	return *pages == "huge" || *pages == "small";
}

} // namespace

bool micro_start(int *argc, char **argv, int *status)
{
	std::string pages;

	*status = 2;
	if (!pages_take(argc, argv, &pages)) {
		fprintf(stderr, "%s: --pages=%s: accepted are --pages=huge and --pages=small\n",
			argv[0], pages.c_str());
		return false;
	}
	benchmark::Initialize(argc, argv);
	if (benchmark::ReportUnrecognizedArguments(*argc, argv))
		return false;
	if (pages == "small" && !machine_small_pages()) {
		fprintf(stderr, "%s: the kernel does not let go of huge pages\n", argv[0]);
		*status = 3;
		return false;
	}
	context_add(pages == "huge" ? "transparent, 2 MiB where the kernel grants them"
				    : "off, 4 KiB");
	*status = 0;
	return true;
}
