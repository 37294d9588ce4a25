/* SPDX-License-Identifier: BSD-3-Clause */
/* See eal.h.  Control thread. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "dpdk/eal.h"

#define ARGUMENTS_MAX (24 + 2 * BALANCE_INTERFACES_MAX)
#define ARGUMENT_SIZE 512

struct arguments {
	int count;
	char *values[ARGUMENTS_MAX + 1];
	char text[ARGUMENTS_MAX][ARGUMENT_SIZE];
};

static bool eal_started;
static FILE *eal_log;
static char eal_log_line[256];

static void argument_add(struct arguments *arguments, const char *format, ...) PRINTF_LIKE(2, 3);

static void argument_add(struct arguments *arguments, const char *format, ...)
{
	va_list list;

	if (arguments->count == ARGUMENTS_MAX)
		return;
	va_start(list, format);
	vsnprintf(arguments->text[arguments->count], ARGUMENT_SIZE, format, list);
	va_end(list);
	arguments->values[arguments->count] = arguments->text[arguments->count];
	arguments->count++;
}

/* The log's destination: the first line is kept, what fails deepest speaks first. */
static ssize_t log_write(void *, const char *bytes, size_t size)
{
	size_t len = size;

	while (len && (bytes[len - 1] == '\n' || bytes[len - 1] == ' '))
		len--;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			len = i;
	}
	if (len && eal_log_line[0] == '\0')
		snprintf(eal_log_line, sizeof(eal_log_line), "%.*s", (int)len, bytes);
	return (ssize_t)size;
}

const char *eal_log_first(void)
{
	return eal_log_line;
}

void eal_log_forget(void)
{
	eal_log_line[0] = '\0';
}

/* libbpf's and libxdp's complaints go where DPDK's go, their remarks nowhere. */
static int library_log(int, const char *format, va_list arguments)
{
	char line[256];
	int len = vsnprintf(line, sizeof(line), format, arguments);

	if (len > 0 && (strcasestr(line, "error") || strcasestr(line, "failed")))
		log_write(NULL, line, MIN((size_t)len, sizeof(line) - 1));
	return len;
}

/*
 * They print to stderr on their own.  Only the AF_XDP driver brings them in, as a plugin, so
 * that there is nothing to link with: they are asked for among what is loaded.
 */
static void libraries_quieten(void)
{
	static const struct {
		const char *library, *function;
	} known[] = {
		{ "libbpf.so.1", "libbpf_set_print" },
		{ "libxdp.so.1", "libxdp_set_print" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		void *library = dlopen(known[i].library, RTLD_NOW | RTLD_NOLOAD);
		void *symbol = library ? dlsym(library, known[i].function) : NULL;
		void *(*set_print)(int (*)(int, const char *, va_list));

		if (symbol) {
			memcpy(&set_print, &symbol, sizeof(symbol));
			set_print(library_log);
		}
		if (library)
			dlclose(library);
	}
}

static void log_open(void)
{
	if (!eal_log) {
		eal_log = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = log_write });
		if (eal_log)
			setvbuf(eal_log, NULL, _IOLBF, 1024);
	}
	/* Without a stream of ours the log goes to stderr: more than one sentence, no harm. */
	if (eal_log)
		rte_openlog_stream(eal_log);
}

static void log_close(void)
{
	rte_openlog_stream(NULL);
	if (eal_log)
		fclose(eal_log);
	eal_log = NULL;
}

bool eal_device_is_pci(const char *device)
{
	unsigned int domain, bus, slot, function;
	int end = 0;

	if (sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) == 4)
		return device[end] == '\0' || device[end] == ',';
	return sscanf(device, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) == 3 &&
	       (device[end] == '\0' || device[end] == ',');
}

/*
 * The main lcore (0) floats over all allowed cores: it sleeps most of the time.  Workers get a
 * core each, the first core left to control, where there are enough; where there are not,
 * pinning two pollers to one core would starve both, and the scheduler may place them.
 */
static void lcores_choose(uint16_t workers, char *text, size_t size)
{
	int cpus[CPU_SETSIZE], count = 0;
	char all[256] = "";
	size_t used = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			if (CPU_ISSET(cpu, &set))
				cpus[count++] = cpu;
		}
	}
	if (count == 0)
		cpus[count++] = 0;
	for (int i = 0; i < count && used < sizeof(all) - 16; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%d", i ? "," : "", cpus[i]);
	if (workers >= count) {
		snprintf(text, size, "(0-%u)@(%s)", workers, all);
		return;
	}
	used = (size_t)snprintf(text, size, "0@(%s)", all);
	for (uint16_t w = 0; w < workers && used < size; w++)
		used += (size_t)snprintf(text + used, size - used, ",%u@%d", w + 1u, cpus[w + 1]);
}

static size_t hugepages_free(const char *folder, size_t page)
{
	unsigned long count = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/free_hugepages", folder);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%lu", &count) != 1)
		count = 0;
	fclose(file);
	return count * page;
}

static int hugepages_check(size_t needed, struct failure *failure)
{
	size_t available = hugepages_free("hugepages-2048kB", (size_t)2 << 20) +
			   hugepages_free("hugepages-1048576kB", (size_t)1 << 30);

	if (available >= needed)
		return 0;
	return failure_put(failure, ENOMEM,
			   "memory: %zu MiB of hugepages are free, the data plane needs %zu MiB: "
			   "reserve more, lower dataplane.memory, or do without hugepages",
			   available >> 20, (needed + ((1u << 20) - 1)) >> 20);
}

static int eal_failed(int code, struct failure *failure)
{
	const char *log = eal_log_first();

	if (geteuid() != 0 && (code == EACCES || code == EPERM || code == ENODEV || code == EFAULT))
		return failure_put(failure, EACCES,
				   "permission: DPDK could not start (%s): run as root, or give the "
				   "process CAP_NET_RAW, CAP_NET_ADMIN and CAP_IPC_LOCK",
				   log[0] ? log : rte_strerror(code));
	return failure_put(failure, code ? code : EINVAL, "DPDK could not start: %s%s%s",
			   rte_strerror(code), log[0] ? ": " : "", log);
}

/* Points `fd` at /dev/null; returns a copy of what it was, -1 where that cannot be. */
static int stream_silence(FILE *stream, int fd)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), saved = -1;

	fflush(stream);
	if (null >= 0)
		saved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (saved >= 0)
		dup2(null, fd);
	if (null >= 0)
		close(null);
	return saved;
}

static void stream_restore(FILE *stream, int fd, int saved)
{
	if (saved < 0)
		return;
	fflush(stream);
	dup2(saved, fd);
	close(saved);
}

/*
 * On an argument that it refuses (an operator's lcores), EAL prints a page of help to stdout, and
 * its fatal words go to stderr as well as to the log.
 */
static int init_quietly(struct arguments *arguments)
{
	int out = stream_silence(stdout, STDOUT_FILENO);
	int err = stream_silence(stderr, STDERR_FILENO);
	int rc = rte_eal_init(arguments->count, arguments->values);

	stream_restore(stdout, STDOUT_FILENO, out);
	stream_restore(stderr, STDERR_FILENO, err);
	return rc;
}

int eal_start(const struct dataplane_config *config, size_t heap, struct failure *failure)
{
	static struct arguments arguments; /* EAL may keep pointers into its arguments */
	char lcores[1024];
	bool pci = false;
	int rc;

	if (eal_started)
		return failure_put(failure, EALREADY,
				   "the data plane has been started before in this process");
	if (!config->no_huge) {
		rc = hugepages_check(heap, failure);
		if (rc)
			return rc;
	}
	if (config->lcores[0])
		snprintf(lcores, sizeof(lcores), "%s", config->lcores);
	else
		lcores_choose(config->workers, lcores, sizeof(lcores));

	argument_add(&arguments, "tandem");
	argument_add(&arguments, "--no-telemetry");
	argument_add(&arguments, "--no-shconf");
	argument_add(&arguments, "--file-prefix=tandem-%ld", (long)getpid());
	argument_add(&arguments, "--log-level=*:error");
	argument_add(&arguments, "--lcores=%s", lcores);
	if (config->no_huge) { /* DPDK refuses --in-memory with it */
		argument_add(&arguments, "--no-huge");
		argument_add(&arguments, "-m%zu", (heap >> 20) + 1);
	} else {
		argument_add(&arguments, "--in-memory");
	}
	for (uint32_t i = 0; i < config->interface_count; i++) {
		if (!eal_device_is_pci(config->interfaces[i].device))
			continue;
		argument_add(&arguments, "--allow=%s", config->interfaces[i].device);
		pci = true;
	}
	if (!pci) {
		argument_add(&arguments, "--no-pci");
		/* One memory zone of consecutive addresses a pool, as AF_XDP's UMEM asks for. */
		argument_add(&arguments, "--iova-mode=va");
	}
	log_open();
	eal_log_forget();
	rc = init_quietly(&arguments);
	if (rc < 0) {
		rc = eal_failed(rte_errno, failure);
		log_close();
		return rc;
	}
	eal_started = true;
	libraries_quieten();
	return 0;
}

void eal_stop(void)
{
	char folder[128];

	snprintf(folder, sizeof(folder), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	/* DPDK leaves it behind; a folder a start would add up. */
	if (strstr(folder, "tandem-"))
		rmdir(folder);
	log_close();
}
