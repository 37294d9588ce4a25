# SPDX-License-Identifier: BSD-3-Clause
# A carrier's edge on one machine: a caller's network, the balancer, and the targets' network, each
# a network namespace, joined by veth pairs whose balancer ends Tandem takes from the kernel.
# To be sourced by bash scripts after config/setup/{undo,hugepages,netns}.sh; run as root.
#
#	caller (.50) ---access--- balancer ---core--- targets (.11 ...)
#
# All names carry the process id; all that is made is undone when the script ends.

lab_caller=tdm$$c
lab_balancer=tdm$$b
lab_targets=tdm$$t
lab_directory=
lab_device=            # net_af_xdp or net_af_packet
lab_huge=              # on or off
lab_tandemd_pid=
lab_pool=()            # further lines of the pool, "keyword: value"
lab_peers=()           # "NAMESPACE INTERFACE" of each kernel's end that sends to Tandem

# lab_make FAMILY TARGETS: namespaces, links and addresses.  FAMILY: 4 or 6.
lab_make() {
	local family=$1 targets=$2 i ns
	undo_push lab_directory_remove
	lab_directory=$(mktemp -d "${TMPDIR:-/tmp}/tandem-$$-XXXXXX") || return 1
	for ns in "$lab_caller" "$lab_balancer" "$lab_targets"; do
		netns_create "$ns" || return 1
		# Without IPv6 of their own the kernels send nothing that nobody asked for.
		[ "$family" = 6 ] || ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1
	done
	netns_link "$lab_caller" caller0 "$lab_balancer" access0 || return 1
	netns_link "$lab_targets" targets0 "$lab_balancer" core0 || return 1
	lab_peers=("$lab_caller caller0" "$lab_targets targets0")
	if [ "$family" = 6 ]; then
		lab_access=2001:db8:1::1 lab_core=2001:db8:2::1 lab_bits=64
		lab_caller_address=2001:db8:1::50 lab_target_prefix=2001:db8:2::
		# Tandem answers for its addresses; the kernel at the same end must not.
		ip netns exec "$lab_balancer" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	else
		lab_access=192.0.2.1 lab_core=198.51.100.1 lab_bits=24
		lab_caller_address=192.0.2.50 lab_target_prefix=198.51.100.
	fi
	netns_address "$lab_caller" caller0 "$lab_caller_address/$lab_bits" || return 1
	lab_target_addresses=()
	for ((i = 1; i <= targets; i++)); do
		lab_target_addresses+=("$lab_target_prefix$((10 + i))")
		netns_address "$lab_targets" targets0 "$lab_target_prefix$((10 + i))/$lab_bits" ||
			return 1
	done
}

lab_directory_remove() {
	[ -z "$lab_directory" ] || rm -rf "$lab_directory"
	lab_directory=
}

# An address as the host of a URI.
lab_host() {
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# lab_config WORKERS MEMORY_MIB: writes tandem.yaml.
lab_config() {
	local i
	{
		cat <<-YAML
			dataplane: {workers: $1, memory: ${2}MiB, huge: "$lab_huge"}
			state_dir: "$lab_directory/state"
			interfaces:
			  - {name: access, device: "${lab_device}0,iface=access0", addresses: ["$lab_access/$lab_bits"]}
			  - {name: core, device: "${lab_device}1,iface=core0", addresses: ["$lab_core/$lab_bits"]}
			services:
			  - {name: inbound, listen: ["udp:$(lab_host $lab_access):5060"], pool: switches, record_route: true}
			pools:
			  - name: switches
			    policy: call-id-hash
		YAML
		for i in "${!lab_pool[@]}"; do
			echo "    ${lab_pool[i]}"
		done
		echo "    targets:"
		for i in "${!lab_target_addresses[@]}"; do
			echo "      - {name: target$((i + 1)), uri: \"sip:$(lab_host "${lab_target_addresses[i]}"):5060\"}"
		done
		cat <<-YAML
			control: {socket: "ipc://$lab_directory/control.sock"}
		YAML
	} >"$lab_directory/tandem.yaml"
}

# lab_tandemctl ARGUMENTS...
lab_tandemctl() {
	"$lab_bin/tandemctl" --socket "ipc://$lab_directory/control.sock" "$@"
}

# Starts tandemd and waits until it answers.  1: it ended; what it said is in tandemd.log.
lab_tandemd_start() {
	local tries
	ip netns exec "$lab_balancer" "$lab_bin/tandemd" -c "$lab_directory/tandem.yaml" \
		>"$lab_directory/tandemd.log" 2>&1 &
	lab_tandemd_pid=$!
	for ((tries = 0; tries < 300; tries++)); do
		if ! kill -0 "$lab_tandemd_pid" 2>/dev/null; then
			wait "$lab_tandemd_pid"
			lab_tandemd_pid=
			return 1
		fi
		if [ -e "$lab_directory/control.sock" ] &&
			lab_tandemctl show status >/dev/null 2>&1; then
			undo_push lab_tandemd_stop
			return 0
		fi
		sleep 0.1
	done
	return 1
}

lab_tandemd_stop() {
	local tries
	[ -n "$lab_tandemd_pid" ] || return 0
	kill -TERM "$lab_tandemd_pid" 2>/dev/null
	for ((tries = 0; tries < 100; tries++)); do
		kill -0 "$lab_tandemd_pid" 2>/dev/null || break
		[ "$tries" -ne 10 ] || kill -TERM "$lab_tandemd_pid" 2>/dev/null
		sleep 0.1
	done
	kill -KILL "$lab_tandemd_pid" 2>/dev/null
	wait "$lab_tandemd_pid" 2>/dev/null
	lab_tandemd_pid=
}

# lab_balancer_start WORKERS MEMORY_MIB: on AF_XDP, or AF_PACKET where that is refused.
lab_balancer_start() {
	lab_device=net_af_xdp
	lab_config "$@"
	lab_tandemd_start && return 0
	lab_xdp_refusal=$(grep -vi '^EAL:' "$lab_directory/tandemd.log" | tail -n 1)
	lab_device=net_af_packet
	lab_config "$@"
	lab_tandemd_start
}

# lab_targets_start TIMEWAIT_MS: one SIPp a target.
lab_targets_start() {
	local i
	sed "s/TIMEWAIT/$1/" "$lab_demo/target.xml" >"$lab_directory/target.xml"
	for i in "${!lab_target_addresses[@]}"; do
		(cd "$lab_directory" && exec ip netns exec "$lab_targets" sipp -sf target.xml \
			-i "${lab_target_addresses[i]}" -p 5060 -nostdin -buff_size 4194304 \
			-default_behaviors all,-abortunexp \
			-max_retrans 12 -max_invite_retrans 12 -max_non_invite_retrans 12 \
			-trace_stat -fd 1 -stf "target$((i + 1)).csv" \
			-trace_err -error_file "target$((i + 1)).err" \
			>/dev/null 2>"target$((i + 1)).out") &
	done
	lab_wait_targets
}

# Until every target has bound its socket.
lab_wait_targets() {
	local tries bound
	for ((tries = 0; tries < 100; tries++)); do
		bound=$(ip netns exec "$lab_targets" ss -Hlun 'sport = :5060' | wc -l)
		[ "$bound" -ge "${#lab_target_addresses[@]}" ] && return 0
		sleep 0.05
	done
	return 1
}

# lab_calls_start CALLS RATE HOLD_MS TIMEWAIT_MS: SIPp as the caller, in the background; its pid in
# lab_calls_pid.
lab_calls_start() {
	sed "s/TIMEWAIT/$4/" "$lab_demo/caller.xml" >"$lab_directory/caller.xml"
	(cd "$lab_directory" && exec ip netns exec "$lab_caller" sipp -sf caller.xml \
		-i "$lab_caller_address" -p 5060 -s switch -m "$1" -r "$2" -d "$3" -l 1000000 \
		-max_retrans 12 -max_invite_retrans 12 -max_non_invite_retrans 12 \
		-nostdin -buff_size 4194304 -trace_stat -fd 1 -stf caller.csv \
		-trace_rtt -rtt_freq 1 -trace_err -error_file caller.err \
		"$(lab_host "$lab_access"):5060" >caller.out 2>&1) &
	lab_calls_pid=$!
}

# Frames that the kernels at the peers' ends have sent towards Tandem: one number a peer.
lab_kernel_sent() {
	local peer sent=()
	for peer in "${lab_peers[@]}"; do
		sent+=("$(ip netns exec "${peer% *}" \
			cat "/sys/class/net/${peer#* }/statistics/tx_packets")")
	done
	echo "${sent[*]}"
}

# lab_counters FILE: what Tandem and the kernels counted, at a moment when both rest.  1: they
# never rested.
lab_counters() {
	local tries before after
	for ((tries = 0; tries < 50; tries++)); do
		before=$(lab_kernel_sent)
		sleep 0.1
		lab_tandemctl --json show status >"$1.status" || return 1
		lab_tandemctl --json show interfaces >"$1.interfaces" || return 1
		lab_tandemctl --json show drops >"$1.drops" || return 1
		lab_tandemctl --json show workers >"$1.workers" || return 1
		lab_tandemctl --json show targets >"$1.targets" || return 1
		after=$(lab_kernel_sent)
		if [ "$before" = "$after" ]; then
			echo "$after" >"$1.kernel"
			return 0
		fi
	done
	return 1
}
