/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two instances with one key file, from the configuration to what they send: the same branch and
 * target, and each verifies what the other signed.  A third one has other keys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "build_fixture.h"
#include "config/config.h"
#include "proxy/proxy.h"

static const char invite[] =
	"INVITE sip:100@example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKcluster\r\n"
	"From: <sip:alice@example.com>;tag=a\r\n"
	"To: <sip:100@example.com>\r\n"
	"Call-ID: cluster-1\r\n"
	"CSeq: 1 INVITE\r\n"
	"Max-Forwards: 70\r\n"
	"Contact: <sip:alice@192.0.2.50>\r\n"
	"Content-Length: 0\r\n\r\n";

static char folder[64];

struct instance {
	struct config *config;
	struct target_registry *registry;
	const struct balance_snapshot *snapshot;
	struct proxy *proxy;
	struct outbox outbox;
	char buffer[8192];
};

static int make_folder(void **)
{
	snprintf(folder, sizeof(folder), "/tmp/tandem-cluster-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void make_key_file(const char *name)
{
	char path[128], error[256];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(config_key_file_create(path, error, sizeof(error)), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	/* What is there stays. */
	assert_true(config_key_file_create(path, error, sizeof(error)) < 0);
	assert_non_null(strstr(error, path));
}

static struct instance *start(const char *name, const char *key_file, uint32_t epoch)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	struct config_identity identity;
	struct config_report report;
	char text[1024], error[256];

	assert_non_null(instance);
	snprintf(text, sizeof(text),
		 "cluster: {instance: %s, key_file: %s/%s}\n"
		 "stray_responses: forward\n"
		 "interfaces:\n"
		 "- {name: access, device: d, addresses: [192.0.2.1/24]}\n"
		 "- {name: core, device: e, addresses: [198.51.100.1/24]}\n"
		 "services: [{name: s, listen: [\"udp:192.0.2.1:5060\"], pool: p}]\n"
		 "pools:\n"
		 "- name: p\n"
		 "  targets: [{name: a, uri: \"sip:198.51.100.11\"}, {name: b, uri: "
		 "\"sip:198.51.100.12\"}, {name: c, uri: \"sip:198.51.100.13\"}]\n",
		 name, folder, key_file);
	if (config_load_text("t.yaml", span_of_string(text), &instance->config, &report))
		fail_msg("%s", report.errors.list[0].text);
	if (config_identity_load(instance->config, epoch, &identity, error, sizeof(error)))
		fail_msg("%s", error);
	instance->registry = target_registry_create();
	assert_int_equal(build_fixture(instance->config, &identity, instance->registry, 1,
					       &instance->snapshot),
			 0);
	const struct proxy_config config = { .txns_max = 16, .tombstones_max = 16,
					     .retain_max = 1 << 20, .seed = epoch };
	instance->proxy = proxy_create(&config, TICK_SECONDS(1));
	assert_non_null(instance->proxy);
	return instance;
}

static void stop(struct instance *instance)
{
	proxy_destroy(instance->proxy);
	config_snapshot_destroy(instance->snapshot);
	target_registry_destroy(instance->registry);
	config_destroy(instance->config);
	free(instance);
}

static struct verdict receive(struct instance *instance, const char *message, const char *source,
			      const char *local, uint16_t interface)
{
	struct proxy_datagram datagram = { .data = instance->buffer + 2048,
					   .len = (uint32_t)strlen(message),
					   .headroom = 2048,
					   .tailroom = 2048,
					   .interface = interface };

	memcpy(datagram.data, message, datagram.len);
	assert_true(endpoint_parse(span_of_string(source), 5060, &datagram.source));
	assert_true(endpoint_parse(span_of_string(local), 5060, &datagram.local));
	outbox_reset(&instance->outbox);
	return proxy_receive(instance->proxy, instance->snapshot, &datagram, TICK_SECONDS(2),
			     &instance->outbox);
}

/* The INVITE as the instance sends it on; the last message in its outbox. */
static const struct outbox_entry *place(struct instance *instance, char *text, size_t size)
{
	struct verdict verdict =
		receive(instance, invite, "192.0.2.50:5060", "192.0.2.1:5060", 0);
	assert_int_equal(verdict.kind, VERDICT_FORWARD);
	const struct outbox_entry *sent = &instance->outbox.entries[instance->outbox.count - 1];
	snprintf(text, size, "%.*s", (int)sent->len, sent->data);
	return sent;
}

/* "name...end" out of a message, into a buffer. */
static const char *part(const char *message, const char *from, const char *to, char *out, size_t size)
{
	const char *at = strstr(message, from);

	assert_non_null(at);
	at += strlen(from);
	snprintf(out, size, "%.*s", (int)strcspn(at, to), at);
	return out;
}

static void instances_send_a_call_to_one_target_under_one_branch(void **)
{
	char one_text[4096], two_text[4096], other_text[4096], a[256], b[256];

	make_key_file("one");
	make_key_file("other");
	struct instance *one = start("lb1", "one", 5), *two = start("lb2", "one", 9),
			*other = start("lb1", "other", 5);
	assert_int_not_equal(one->snapshot->instance, two->snapshot->instance);
	const struct outbox_entry *first = place(one, one_text, sizeof(one_text));
	const struct outbox_entry *second = place(two, two_text, sizeof(two_text));
	(void)place(other, other_text, sizeof(other_text));
	assert_true(endpoint_equal(&first->destination, &second->destination));
	assert_string_equal(part(one_text, ";branch=", ";", a, sizeof(a)),
			    part(two_text, ";branch=", ";", b, sizeof(b)));
	assert_string_not_equal(a, part(other_text, ";branch=", ";", b, sizeof(b)));
	/* Record-Route is the same; the hint says who sent it. */
	assert_string_equal(part(one_text, "Record-Route: ", "\r", a, sizeof(a)),
			    part(two_text, "Record-Route: ", "\r", b, sizeof(b)));
	assert_string_not_equal(part(one_text, ";tandem=", "\r", a, sizeof(a)),
				part(two_text, ";tandem=", "\r", b, sizeof(b)));
	stop(one);
	stop(two);
	stop(other);
}

static void answer_put(char *text, size_t size, const char *sent)
{
	char via[256];

	snprintf(text, size,
		 "SIP/2.0 180 Ringing\r\n"
		 "Via: %s\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKcluster\r\n"
		 "From: <sip:alice@example.com>;tag=a\r\n"
		 "To: <sip:100@example.com>;tag=b\r\n"
		 "Call-ID: cluster-1\r\n"
		 "CSeq: 1 INVITE\r\n"
		 "Content-Length: 0\r\n\r\n",
		 part(sent, "Via: ", "\r", via, sizeof(via)));
}

static void bye_put(char *text, size_t size, const char *sent)
{
	char routes[2][256];
	const char *below = strstr(strstr(sent, "Record-Route: ") + 1, "Record-Route: ");

	assert_non_null(below);
	snprintf(text, size,
		 "BYE sip:b@198.51.100.12 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKbye\r\n"
		 "From: <sip:alice@example.com>;tag=a\r\n"
		 "To: <sip:100@example.com>;tag=b\r\n"
		 "Call-ID: cluster-1\r\n"
		 "CSeq: 2 BYE\r\n"
		 "Route: %s\r\n"
		 "Route: %s\r\n"
		 "Content-Length: 0\r\n\r\n",
		 part(below, "Record-Route: ", "\r", routes[0], sizeof(routes[0])),
		 part(sent, "Record-Route: ", "\r", routes[1], sizeof(routes[1])));
}

static void instances_verify_each_others_hints_and_routes(void **)
{
	char sent[4096], message[4096];

	make_key_file("shared");
	make_key_file("foreign");
	struct instance *one = start("lb1", "shared", 5), *two = start("lb2", "shared", 9),
			*other = start("lb3", "foreign", 5);
	place(one, sent, sizeof(sent));
	/* A response to what one sent reaches two: on to the caller. */
	answer_put(message, sizeof(message), sent);
	struct verdict verdict =
		receive(two, message, "198.51.100.11:5060", "198.51.100.1:5060", 1);
	assert_int_equal(verdict.reason, REASON_STRAY_FORWARDED);
	struct endpoint caller;
	assert_true(endpoint_parse(SPAN("192.0.2.50:5060"), 5060, &caller));
	assert_true(endpoint_equal(&two->outbox.entries[0].destination, &caller));
	verdict = receive(other, message, "198.51.100.11:5060", "198.51.100.1:5060", 1);
	assert_int_equal(verdict.reason, REASON_RESPONSE_FORGED);
	/* A request along the route that one signed. */
	bye_put(message, sizeof(message), sent);
	verdict = receive(two, message, "192.0.2.50:5060", "192.0.2.1:5060", 0);
	assert_int_equal(verdict.kind, VERDICT_FORWARD);
	assert_int_equal(verdict.reason, REASON_DIALOG_REQUEST);
	verdict = receive(other, message, "192.0.2.50:5060", "192.0.2.1:5060", 0);
	assert_int_equal(verdict.reason, REASON_ROUTE_FORGED);
	stop(one);
	stop(two);
	stop(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(instances_send_a_call_to_one_target_under_one_branch,
						make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(instances_verify_each_others_hints_and_routes,
						make_folder, remove_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
