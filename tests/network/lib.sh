# SPDX-License-Identifier: BSD-3-Clause
# What the network tests share: the demonstration's lab with the build under test.
# To be sourced; arguments of every test: SOURCE_ROOT BUILD_ROOT.

root=$1
build=$2
lab_demo=$root/config/demo
lab_bin=$build/control
tests_network=$root/tests/network
tests_sipp=$tests_network/sipp

. "$root/config/setup/undo.sh"
. "$root/config/setup/netns.sh"
. "$root/config/demo/lab.sh"
. "$tests_network/lib/tap.sh"
. "$tests_network/lib/balancer.sh"
. "$tests_network/lib/peers.sh"
. "$tests_network/lib/kamailio.sh"
lab_huge=off
undo_install

# The one leak that DPDK's AF_XDP driver has is its own.
export LSAN_OPTIONS=suppressions=$root/tests/lsan.supp:print_suppressions=0:fast_unwind_on_malloc=0
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
