/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "dpdk/claim.h"

static char device[32], other[32];

static void a_kernel_device_is_claimed_once(void **)
{
	int claim = claim_take(device);

	assert_true(claim >= 0);
	assert_int_equal(claim_take(device), -EADDRINUSE);
	close(claim);
	claim = claim_take(device);
	assert_true(claim >= 0);
	close(claim);
}

static void devices_of_other_names_are_free(void **)
{
	int first = claim_take(device), second = claim_take(other);

	assert_true(first >= 0);
	assert_true(second >= 0);
	close(first);
	close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_device_is_claimed_once),
		cmocka_unit_test(devices_of_other_names_are_free),
	};

	/* Other runs of this test may be under way. */
	snprintf(device, sizeof(device), "t%ld", (long)getpid());
	snprintf(other, sizeof(other), "t%ldx", (long)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
