# SPDX-License-Identifier: BSD-3-Clause
# What the network tests share: the demonstration's lab with the build under test, and TAP.
# To be sourced; arguments of every test: SOURCE_ROOT BUILD_ROOT.

root=$1
build=$2
lab_demo=$root/config/demo
lab_bin=$build/control
tests_sipp=$root/tests/network/sipp

. "$root/config/setup/undo.sh"
. "$root/config/setup/netns.sh"
. "$root/config/demo/lab.sh"
lab_huge=off
undo_install

# The one leak that DPDK's AF_XDP driver has is its own.
export LSAN_OPTIONS=suppressions=$root/tests/lsan.supp:print_suppressions=0:fast_unwind_on_malloc=0
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0

tap_count=0
tap_failed=0
tap() { # tap STATUS NAME
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_count - $2"
	else
		echo "not ok $tap_count - $2"
		tap_failed=$((tap_failed + 1))
	fi
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		tap 0 "$1"
	else
		tap 1 "$1"
		echo "#   got:    $2"
		echo "#   wanted: $3"
	fi
}

# within NAME GOT LOW HIGH: whole numbers.
within() {
	if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		tap 0 "$1"
	else
		tap 1 "$1"
		echo "#   got $2, wanted $3 to $4"
	fi
}

# Shows a file as comments, for whoever reads a failure.
tap_show() {
	sed 's/^/#   /' "$@" 2>/dev/null
}

tap_end() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
}

bail() {
	echo "Bail out! $*"
	[ -z "$lab_directory" ] || tap_show "$lab_directory/tandemd.log"
	exit 1
}

# json FILE EXPRESSION: evaluates a Python expression over the document `d`.
json() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

# ctl_json COMMAND... -- EXPRESSION
ctl_json() {
	local command=()
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	lab_tandemctl --json "${command[@]}" >"$lab_directory/answer.json" || return 1
	json "$lab_directory/answer.json" "$2"
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}

# Ends tandemd as an operator would, and says what the sanitizers found.
tandemd_ends_cleanly() {
	local pid=$lab_tandemd_pid tries status
	kill -TERM "$pid"
	for ((tries = 0; tries < 300; tries++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid"
	status=$?
	lab_tandemd_pid=
	is "tandemd ends on SIGTERM with status 0 and nothing leaked" "$status" 0
	[ "$status" -eq 0 ] || tap_show <(head -n 30 "$lab_directory/tandemd.log")
}

# sipp_run NS NAME ARGUMENTS...: in the background, its pid in sipp_pid; NAME.csv, .err, .out.
sipp_run() {
	local ns=$1 name=$2
	shift 2
	(cd "$lab_directory" && exec ip netns exec "$ns" sipp -nostdin -buff_size 4194304 \
		-max_retrans 12 -max_invite_retrans 12 -max_non_invite_retrans 12 \
		-trace_stat -fd 1 -stf "$name.csv" -trace_err -error_file "$name.err" "$@" \
		>"$name.out" 2>&1) &
	sipp_pid=$!
}

# sipp_count NAME COLUMN: of the last row of its statistics.
sipp_count() {
	python3 - "$lab_directory/$1.csv" "$2" <<-'PYTHON'
		import csv, sys
		rows = [r for r in csv.reader(open(sys.argv[1]), delimiter=";") if r]
		print(dict(zip(rows[0], rows[-1]))[sys.argv[2]])
	PYTHON
}

# What Tandem and the peers' kernels counted is the same, and every packet has its verdict.
packets_are_accounted_for() {
	lab_counters "$lab_directory/after" || bail "the counters never came to rest"
	is "verdicts add up to the packets received" \
		"$(json "$lab_directory/after.drops" 'd["sum"]')" \
		"$(json "$lab_directory/after.drops" 'd["received"]')"
	is "Tandem received what the peers' kernels sent" \
		"$(($(json "$lab_directory/after.drops" 'd["received"]') - $(json "$lab_directory/before.drops" 'd["received"]')))" \
		"$(($(tr ' ' '+' <"$lab_directory/after.kernel") - ($(tr ' ' '+' <"$lab_directory/before.kernel"))))"
}
