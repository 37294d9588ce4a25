# SPDX-License-Identifier: BSD-3-Clause
# Real peers: SIPp, and a single request for where a scenario would be too much.  To be sourced.

# Peers keep their transactions for so long after a call; enough where nothing is lost.
sipp_timewait_ms=500

# sipp_scenario NAME FILE [SED_EXPRESSION...]: $lab_directory/NAME.xml out of a scenario.
sipp_scenario() {
	local name=$1 file=$2 expressions=(-e "s/TIMEWAIT/$sipp_timewait_ms/")
	shift 2
	while [ $# -gt 0 ]; do
		expressions+=(-e "$1")
		shift
	done
	sed "${expressions[@]}" "$file" >"$lab_directory/$name.xml"
}

# sipp_padding OCTETS [HEADER]: an expression for sipp_scenario: so much more in the messages that
# have the header field, by default those with a body.
sipp_padding() {
	printf 's/^ *%s: .*/      X-Padding: %s\\n&/' "${2:-Content-Type}" \
		"$(head -c "$1" /dev/zero | tr '\0' p)"
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

# sipp_listen NS ADDRESS SCENARIO_NAME [ARGUMENTS...]: a target; returns when its socket is bound.
sipp_listen() {
	local ns=$1 address=$2 scenario=$3
	shift 3
	sipp_run "$ns" "$scenario-$address" -sf "$scenario.xml" -i "$address" -p 5060 "$@"
	wait_for 10 is_bound "$ns" "$address" || bail "no SIPp at $address"
}

is_bound() { # is_bound NS ADDRESS [PORT]
	ip netns exec "$1" ss -Hlun "src $(lab_host "$2") and sport = :${3:-5060}" | grep -q .
}

# sipp_call NS ADDRESS SCENARIO_NAME CALLS RATE HOLD_MS TO [ARGUMENTS...]: in the background.  A call
# that never ends fails the test and does not stop it.
sipp_call() {
	local ns=$1 address=$2 scenario=$3 calls=$4 rate=$5 hold=$6 to=$7
	shift 7
	sipp_run "$ns" "$scenario" -sf "$scenario.xml" -i "$address" -s switch -m "$calls" \
		-r "$rate" -d "$hold" -l 10000 -timeout 100s -timeout_error "$@" "$to"
}

# sipp_count NAME COLUMN: of the last row of its statistics.
sipp_count() {
	python3 - "$lab_directory/$1.csv" "$2" <<-'PYTHON'
		import csv, sys
		rows = [r for r in csv.reader(open(sys.argv[1]), delimiter=";") if r]
		print(dict(zip(rows[0], rows[-1]))[sys.argv[2]])
	PYTHON
}

# calls_succeed WHAT SIPP_NAME CALLS: a test case.
calls_succeed() {
	is "$1" "$(sipp_count "$2" 'SuccessfulCall(C)') succeeded, $(sipp_count "$2" 'FailedCall(C)') failed" \
		"$3 succeeded, 0 failed"
	[ "$(sipp_count "$2" 'FailedCall(C)')" = 0 ] || tap_show <(head -n 40 "$lab_directory/$2.err")
}

# ask NS ARGUMENTS...: one request by ask.py; prints the status code, or "nothing".
ask() {
	local ns=$1
	shift
	ip netns exec "$ns" python3 "$tests_network/ask.py" "$@"
}

# router_insert: moves the callers of a lab behind a router, 10.0.0.50 via 192.0.2.77.
lab_router=tdm$$r
router_insert() {
	local router=$lab_router
	netns_create "$router" || return 1
	ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
	ip -n "$lab_caller" link set caller0 netns "$router" name wan0 &&
		ip -n "$router" link set wan0 up &&
		netns_address "$router" wan0 192.0.2.77/24 &&
		netns_link "$lab_caller" caller0 "$router" lan0 &&
		netns_address "$router" lan0 10.0.0.1/24 &&
		netns_address "$lab_caller" caller0 10.0.0.50/24 &&
		netns_route "$lab_caller" default 10.0.0.1 || return 1
	lab_peers=("$router wan0" "$lab_targets targets0")
	lab_caller_address=10.0.0.50
}
