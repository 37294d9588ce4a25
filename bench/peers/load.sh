# SPDX-License-Identifier: BSD-3-Clause
# SIPp as callers and targets for bench/compare: the demonstration's scenarios, the same whatever is
# between them.  To be sourced after config/demo/lab.sh and groups.sh.

load_folder=           # of this run: SIPp's files
load_hold_ms=200
load_pid=              # of the callers
load_target_pids=()

# Callers and targets also have a link of their own, for SIPp without a balancer; and the targets know
# the way to the balancer's address on the callers' side.
load_links() {
	load_direct_caller=203.0.113.50 load_direct_target=203.0.113.11
	netns_link "$lab_caller" direct0 "$lab_targets" direct1 &&
		netns_address "$lab_caller" direct0 "$load_direct_caller/24" &&
		netns_address "$lab_targets" direct1 "$load_direct_target/24" &&
		netns_route "$lab_targets" "$lab_access/32" "$lab_core"
}

# load_sipp NAMESPACE NAME ARGUMENTS...: in the background and in the load's group.
load_sipp() {
	local ns=$1 name=$2
	shift 2
	(
		cd "$load_folder" && groups_enter load &&
			exec ip netns exec "$ns" sipp -nostdin -buff_size 4194304 -p 5060 \
				-trace_stat -fd 200ms -stf "$name.csv" -trace_err -error_file "$name.err" "$@"
	) >/dev/null 2>"$load_folder/$name.out" &
}

# load_targets_start NAME: for that balancer.  1: they did not bind their sockets.
load_targets_start() {
	local address addresses=("${lab_target_addresses[@]}") tries bound
	[ "$1" != sipp ] || addresses=("$load_direct_target")
	load_target_pids=()
	sed 's/TIMEWAIT/500/' "$lab_demo/target.xml" >"$load_folder/target.xml"
	for address in "${addresses[@]}"; do
		load_sipp "$lab_targets" "target-$address" -sf target.xml -i "$address" \
			-default_behaviors all,-abortunexp
		load_target_pids+=($!)
	done
	for ((tries = 0; tries < 200; tries++)); do
		bound=$(ip netns exec "$lab_targets" ss -Hlun 'sport = :5060' | wc -l)
		[ "$bound" -lt "${#addresses[@]}" ] || return 0
		sleep 0.05
	done
	return 1
}

# load_calls_start NAME CALLS RATE
load_calls_start() {
	local from=$lab_caller_address to=$lab_access
	[ "$1" != sipp ] || from=$load_direct_caller to=$load_direct_target
	sed 's/TIMEWAIT/500/' "$lab_demo/caller.xml" >"$load_folder/caller.xml"
	load_sipp "$lab_caller" caller -sf caller.xml -i "$from" -s switch -m "$2" -r "$3" \
		-d "$load_hold_ms" -l 1000000 "$to:5060"
	load_pid=$!
}

# load_calls_wait SECONDS: until the callers have ended; those that hang are ended, and have failed.
load_calls_wait() {
	local until=$((SECONDS + $1))
	while kill -0 "$load_pid" 2>/dev/null && [ "$SECONDS" -lt "$until" ]; do
		sleep 0.1
	done
	kill -TERM "$load_pid" 2>/dev/null
	wait "$load_pid" 2>/dev/null
	load_pid=
}

# SIPp writes its last counts when it ends on SIGUSR1.
load_targets_stop() {
	local pid tries
	for pid in "${load_target_pids[@]}"; do
		kill -USR1 "$pid" 2>/dev/null
	done
	for pid in "${load_target_pids[@]}"; do
		for ((tries = 0; tries < 40; tries++)); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.05
		done
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	load_target_pids=()
}
