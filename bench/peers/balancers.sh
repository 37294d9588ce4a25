# SPDX-License-Identifier: BSD-3-Clause
# The balancers that bench/compare measures, one at a time between the same callers and targets: starts
# and ends them.  To be sourced after config/demo/lab.sh and groups.sh.
#
# Both have one address on the callers' side, where they listen; the targets reach it by a route.  With
# one socket Kamailio needs one worker process and no search for the socket to send from.

balancers_folder=      # of this run: configuration and logs
balancers_memory_mib=512
balancers_shared_mib=2048
balancers_pid=

# The kernel's addresses at the balancer's ends are Kamailio's: Tandem answers for its own.
balancers_addresses() { # add|flush
	local link
	for link in "access0 $lab_access" "core0 $lab_core"; do
		set -- "$1" $link
		case $1 in
		add) netns_address "$lab_balancer" "$2" "$3/$lab_bits" || return 1 ;;
		flush) ip -n "$lab_balancer" address flush dev "$2" ;;
		esac
	done
}

# A neighbour that was learned from the last balancer is not to be held against the next.
balancers_forget_neighbours() {
	ip -n "$lab_caller" neigh flush all
	ip -n "$lab_targets" neigh flush all
}

# balancers_wait SECONDS COMMAND...: until it succeeds; 1: it did not, or the balancer ended.
balancers_wait() {
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] && kill -0 "$balancers_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}

kamailio_is_bound() {
	ip netns exec "$lab_balancer" ss -Hlun "src $lab_access and sport = :5060" | grep -q .
}

# kamailio_start tm|stateless
kamailio_start() {
	local text modules i
	modules=$(dpkg -L kamailio 2>/dev/null | sed -n 's|/dispatcher\.so$|/|p' | head -n 1)
	[ -n "$modules" ] || modules=/usr/lib/x86_64-linux-gnu/kamailio/modules/
	for i in "${lab_target_addresses[@]}"; do
		echo "1 sip:$i:5060"
	done >"$balancers_folder/dispatcher.list"
	text=$(<"$compare_peers/kamailio-$1.cfg")
	text=${text//@LISTEN@/$lab_access:5060}
	text=${text//@MODULES@/$modules}
	echo "${text//@LIST@/$balancers_folder/dispatcher.list}" >"$balancers_folder/kamailio.cfg"
	mkdir -p "$balancers_folder/kamailio"
	balancers_addresses add || return 1
	(
		groups_enter balancer &&
			exec ip netns exec "$lab_balancer" kamailio -DD -E -m "$balancers_shared_mib" -M 32 \
				-x fm -X fm -f "$balancers_folder/kamailio.cfg" \
				-P "$balancers_folder/kamailio/pid" -Y "$balancers_folder/kamailio"
	) >"$balancers_folder/balancer.log" 2>&1 &
	balancers_pid=$!
	balancers_wait 20 kamailio_is_bound
}

kamailio_stop() {
	local tries
	kill -TERM "$balancers_pid" 2>/dev/null
	for ((tries = 0; tries < 100; tries++)); do
		kill -0 "$balancers_pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$balancers_pid" 2>/dev/null
	wait "$balancers_pid" 2>/dev/null
	balancers_addresses flush
}

# For lab_balancer_start: one worker, and all other threads of tandemd on the same core.
lab_config() {
	local i
	{
		cat <<-YAML
			dataplane: {workers: $1, memory: ${2}MiB, huge: "$lab_huge", lcores: "0@$groups_balancer_core,1@$groups_balancer_core"}
			state_dir: "$lab_directory/state"
			control: {socket: "ipc://$lab_directory/control.sock"}
			interfaces:
			  - {name: access, device: "${lab_device}0,$(tandem_link access)", addresses: ["$lab_access/$lab_bits"]}
			  - {name: core, device: "${lab_device}1,$(tandem_link core)", addresses: ["$lab_core/$lab_bits"]}
			services:
			  - {name: inbound, listen: ["udp:$lab_access:5060"], pool: switches, mode: $tandem_mode, record_route: true}
			pools:
			  - name: switches
			    policy: call-id-hash
			    targets:
		YAML
		for i in "${!lab_target_addresses[@]}"; do
			echo "      - {name: target$((i + 1)), uri: \"sip:${lab_target_addresses[i]}:5060\"}"
		done
	} >"$lab_directory/tandem.yaml"
}

# The rest of an interface's device string: a veth's end, or a shared memory's socket.
tandem_link() {
	case $lab_device in
	net_memif) echo "role=server,socket=$balancers_folder/$1.memif,socket-abstract=no" ;;
	*) echo "iface=${1}0" ;;
	esac
}

# tandem_start stateful|stateless [memif]: by default on AF_XDP, or AF_PACKET where that is refused.
tandem_start() {
	local started
	tandem_mode=$1
	rm -f "$lab_directory/control.sock"
	if [ "${2:-}" = memif ]; then
		lab_device=net_memif
		lab_config 1 "$balancers_memory_mib"
		lab_tandemd_start
	else
		lab_balancer_start 1 "$balancers_memory_mib"
	fi
	started=$?
	cp "$lab_directory/tandemd.log" "$balancers_folder/balancer.log"
	[ "$started" -eq 0 ] || return 1
	balancers_pid=$lab_tandemd_pid
	groups_enter balancer "$lab_tandemd_pid"
}

tandem_stop() {
	lab_tandemd_stop
	rm -f "$lab_directory/control.sock"
}

# balancers_start NAME: kamailio-tm, kamailio-stateless, tandem-stateful, tandem-stateless (both on
# veths), memif-stateful, memif-stateless (Tandem again), or sipp for nothing in between.
balancers_start() {
	balancers_forget_neighbours
	case $1 in
	kamailio-*) kamailio_start "${1#kamailio-}" ;;
	tandem-*) tandem_start "${1#tandem-}" ;;
	memif-*) tandem_start "${1#memif-}" memif ;;
	sipp) ;;
	esac
}

balancers_stop() {
	case $1 in
	kamailio-*) kamailio_stop ;;
	tandem-* | memif-*) tandem_stop ;;
	sipp) ;;
	esac
	balancers_pid=
}

# Until a finished transaction is forgotten, and so as many end as begin: Kamailio's wt_timer, 64*T1.
balancers_settle_seconds() {
	case $1 in
	kamailio-tm) echo 7 ;;
	*-stateful) echo 34 ;;
	*) echo 3 ;;
	esac
}
