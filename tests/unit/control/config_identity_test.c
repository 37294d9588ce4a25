/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys and instance numbers: derivation, the key file's format, and its handling on disk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/identity.h"

#define SECRET_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET_B "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET_C "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefe"

static char folder[64];

static int make_folder(void **)
{
	snprintf(folder, sizeof(folder), "/tmp/tandem-identity-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct config *load_with(const char *line)
{
	char text[1024];
	struct config_report report;
	struct config *config;
	snprintf(text, sizeof(text),
		 "%s\n"
		 "interfaces: [{name: a, device: d, addresses: [192.0.2.1/24]}]\n"
		 "services: [{name: s, listen: [\"udp:192.0.2.1:5060\"], pool: request-uri}]\n",
		 line);
	if (config_load_text("t.yaml", span_of_string(text), &config, &report))
		fail_msg("%s", report.errors.list[0].text);
	return config;
}

static bool key_equal(const struct hash_key *a, const struct hash_key *b)
{
	return a->k0 == b->k0 && a->k1 == b->k1;
}

static void keys_are_made_once_and_kept(void **)
{
	char line[128], path[128], error[256];
	struct config_identity first, again;
	struct stat status;
	snprintf(line, sizeof(line), "state_dir: %s/state", folder);
	snprintf(path, sizeof(path), "%s/state/keys", folder);
	struct config *config = load_with(line);
	assert_int_equal(config_identity_load(config, 7, &first, error, sizeof(error)), 0);
	assert_int_equal(first.epoch, 7);
	assert_int_equal(first.instance, 0);
	assert_int_equal(first.route_key_count, 1);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	path[strlen(path) - strlen("/keys")] = '\0';
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(config_identity_load(config, 8, &again, error, sizeof(error)), 0);
	assert_int_equal(again.epoch, 8);
	again.epoch = 7;
	assert_memory_equal(&first, &again, sizeof(first));
	/* Nothing but the keys is left behind. */
	snprintf(path, sizeof(path), "test $(ls -A %s/state | wc -l) = 1", folder);
	assert_int_equal(system(path), 0);
	config_destroy(config);
}

static void keys_differ_between_uses_and_folders(void **)
{
	char line[128], error[256];
	struct config_identity one, two;
	snprintf(line, sizeof(line), "state_dir: %s/one", folder);
	struct config *config = load_with(line);
	assert_int_equal(config_identity_load(config, 0, &one, error, sizeof(error)), 0);
	config_destroy(config);
	snprintf(line, sizeof(line), "state_dir: %s/two", folder);
	config = load_with(line);
	assert_int_equal(config_identity_load(config, 0, &two, error, sizeof(error)), 0);
	config_destroy(config);
	assert_false(key_equal(&one.branch_key, &two.branch_key));
	assert_false(key_equal(&one.route_keys[0].key, &two.route_keys[0].key));
	const struct hash_key *keys[] = { &one.branch_key, &one.hint_key, &one.call_key,
					  &one.tag_key, &one.route_keys[0].key };
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		for (size_t j = 0; j < i; j++)
			assert_false(key_equal(keys[i], keys[j]));
	}
}

/* Two processes that start at once agree on one set of keys. */
static void racing_starts_get_the_same_keys(void **)
{
	enum { RACERS = 8 };
	char line[128];
	int pipes[2];
	pid_t children[RACERS];
	uint64_t answers[RACERS];
	snprintf(line, sizeof(line), "state_dir: %s/race", folder);
	struct config *config = load_with(line);
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < RACERS; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct config_identity identity;
			char error[256];
			bool ok = config_identity_load(config, 0, &identity, error,
						       sizeof(error)) == 0 &&
				  write(pipes[1], &identity.branch_key.k0, 8) == 8;
			_exit(ok ? 0 : 1);
		}
	}
	for (int i = 0; i < RACERS; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
		assert_int_equal(read(pipes[0], &answers[i], 8), 8);
		assert_true(answers[i] == answers[0]);
	}
	close(pipes[0]);
	close(pipes[1]);
	config_destroy(config);
}

static void cluster_keys_are_shared_and_never_made(void **)
{
	char line[256], path[128], error[256];
	struct config_identity one, two;
	snprintf(path, sizeof(path), "%s/cluster.key", folder);
	snprintf(line, sizeof(line), "cluster: {instance: lb1, key_file: %s}", path);
	struct config *first = load_with(line);
	snprintf(line, sizeof(line), "cluster: {instance: 2, key_file: %s}", path);
	struct config *second = load_with(line);
	assert_int_equal(config_identity_load(first, 0, &one, error, sizeof(error)), -ENOENT);
	assert_non_null(strstr(error, path));
	assert_int_equal(config_key_file_create(path, error, sizeof(error)), 0);
	assert_int_equal(config_key_file_create(path, error, sizeof(error)), -EEXIST);
	assert_int_equal(config_identity_load(first, 0, &one, error, sizeof(error)), 0);
	assert_int_equal(config_identity_load(second, 0, &two, error, sizeof(error)), 0);
	assert_int_equal(two.instance, 2);
	assert_int_not_equal(one.instance, two.instance);
	one.instance = two.instance;
	assert_memory_equal(&one, &two, sizeof(one));
	config_destroy(first);
	config_destroy(second);
}

static void files_that_others_may_read_are_refused(void **)
{
	char line[256], path[128], error[256];
	struct config_identity identity;
	snprintf(path, sizeof(path), "%s/open.key", folder);
	snprintf(line, sizeof(line), "cluster: {instance: 1, key_file: %s}", path);
	struct config *config = load_with(line);
	assert_int_equal(config_key_file_create(path, error, sizeof(error)), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(config_identity_load(config, 0, &identity, error, sizeof(error)), -EPERM);
	assert_non_null(strstr(error, "0640"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(config_identity_load(config, 0, &identity, error, sizeof(error)), -EINVAL);
	config_destroy(config);
}

static int parse(const char *text, struct config_identity *identity, char *error)
{
	memset(identity, 0, sizeof(*identity));
	return identity_parse_keys(span_of_string(text), identity, error, 256);
}

static void first_route_key_signs_and_all_are_kept(void **)
{
	struct config_identity identity;
	char error[256];
	assert_int_equal(parse("# comment\n\nroute 200 " SECRET_B "\n\troute  0  " SECRET_A
			       "\r\nmaster " SECRET_A,
			       &identity, error),
			 0);
	assert_int_equal(identity.route_key_count, 2);
	assert_int_equal(identity.route_keys[0].id, 200);
	assert_int_equal(identity.route_keys[1].id, 0);
	/* The same secret for another purpose is another key. */
	assert_false(key_equal(&identity.route_keys[1].key, &identity.branch_key));
}

static void every_bit_of_a_secret_counts(void **)
{
	struct config_identity a, b;
	char error[256];
	assert_int_equal(parse("master " SECRET_A "\nroute 1 " SECRET_A, &a, error), 0);
	assert_int_equal(parse("master " SECRET_C "\nroute 1 " SECRET_A, &b, error), 0);
	assert_false(key_equal(&a.branch_key, &b.branch_key));
	assert_true(key_equal(&a.route_keys[0].key, &b.route_keys[0].key));
	/* Fixed for ever: instances of different versions share a file.  The figures are from
	 * another implementation of SipHash-2-4-128. */
	assert_true(a.branch_key.k0 == 0x81a085976cf5e43du);
	assert_true(a.route_keys[0].key.k1 == 0xdea2c01bdd2ede8u);
}

static void wrong_key_files_are_told_by_line(void **)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "", "line 0: the file ends without the master secret" },
		{ "master " SECRET_A "\n", "line 1: the file ends without a route key" },
		{ "route 1 " SECRET_A "\n", "without the master secret" },
		{ "master " SECRET_A "0\n", "line 1: a secret is 64 hexadecimal digits" },
		{ "\nmaster 0123\n", "line 2: a secret is 64 hexadecimal digits" },
		{ "master x" SECRET_A "\n", "64 hexadecimal digits" },
		{ "master " SECRET_A " x\n", "something follows" },
		{ "master " SECRET_A "\nmaster " SECRET_A "\n", "line 2: a second master" },
		{ "route 256 " SECRET_A "\n", "id from 0 to 255" },
		{ "route " SECRET_A "\n", "id from 0 to 255" },
		{ "route 1 " SECRET_A "\nroute 1 " SECRET_B "\n", "line 2: a route key's id is used" },
		{ "key " SECRET_A "\n", "neither" },
		{ "master 0000000000000000000000000000000000000000000000000000000000000000\n",
		  "not all zero" },
		{ "route 1 " SECRET_A "\nroute 2 " SECRET_A "\nroute 3 " SECRET_A "\nroute 4 " SECRET_A
		  "\nroute 5 " SECRET_A "\nroute 6 " SECRET_A "\nroute 7 " SECRET_A "\nroute 8 " SECRET_A
		  "\nroute 9 " SECRET_A "\n",
		  "line 9: more than 8" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct config_identity identity;
		char error[256] = "";
		assert_int_equal(parse(wrong[i].text, &identity, error), -EINVAL);
		if (!strstr(error, wrong[i].says))
			fail_msg("%s: %s", wrong[i].says, error);
	}
}

static void instances_are_numbers_or_hashed_names(void **)
{
	uint16_t number, other;
	assert_true(identity_instance("1", &number));
	assert_int_equal(number, 1);
	assert_true(identity_instance("65535", &number));
	assert_int_equal(number, 65535);
	assert_false(identity_instance("0", &number));
	assert_false(identity_instance("65536", &number));
	assert_true(identity_instance("lb1", &number));
	assert_true(identity_instance("lb2", &other));
	assert_int_not_equal(number, other);
	assert_int_not_equal(number, 0);
	assert_true(identity_instance("lb1", &other));
	assert_int_equal(number, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_made_once_and_kept),
		cmocka_unit_test(keys_differ_between_uses_and_folders),
		cmocka_unit_test(racing_starts_get_the_same_keys),
		cmocka_unit_test(cluster_keys_are_shared_and_never_made),
		cmocka_unit_test(files_that_others_may_read_are_refused),
		cmocka_unit_test(first_route_key_signs_and_all_are_kept),
		cmocka_unit_test(every_bit_of_a_secret_counts),
		cmocka_unit_test(wrong_key_files_are_told_by_line),
		cmocka_unit_test(instances_are_numbers_or_hashed_names),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
