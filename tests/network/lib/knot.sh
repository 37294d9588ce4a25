# SPDX-License-Identifier: BSD-3-Clause
# A real name server: knotd in a namespace, on its loopback.  To be sourced.

knot_port=5300
knot_pid=
knot_serial=0

# knot_zone RECORDS: writes the zone example.com; TTL 1 unless a record says otherwise.
knot_zone() {
	knot_serial=$((knot_serial + 1))
	cat >"$lab_directory/knot/example.com.zone" <<-ZONE
		\$ORIGIN example.com.
		\$TTL 1
		@ SOA ns hostmaster $knot_serial 3600 600 86400 1
		@ NS ns
		ns A 127.0.0.1
		$1
	ZONE
}

# knot_start NS RECORDS: returns when it answers.
knot_start() {
	local ns=$1
	mkdir -p "$lab_directory/knot"
	cat >"$lab_directory/knot/knot.conf" <<-CONF
		server:
		  rundir: $lab_directory/knot
		  listen: 127.0.0.1@$knot_port
		  udp-workers: 1
		  tcp-workers: 1
		  background-workers: 1
		control:
		  listen: $lab_directory/knot/knot.sock
		database:
		  storage: $lab_directory/knot
		template:
		  - id: default
		    storage: $lab_directory/knot
		    zonefile-sync: -1
		    zonefile-load: whole
		    journal-content: none
		zone:
		  - domain: example.com
	CONF
	knot_zone "$2"
	ip netns exec "$ns" knotd -c "$lab_directory/knot/knot.conf" >"$lab_directory/knotd.log" 2>&1 &
	knot_pid=$!
	undo_push knot_kill
	wait_for 10 knot_is_loaded
}

knot_is_loaded() {
	knotc -c "$lab_directory/knot/knot.conf" zone-status example.com +serial 2>/dev/null |
		grep -q "serial: $knot_serial"
}

# knot_change RECORDS: returns when the zone is served.
knot_change() {
	knot_zone "$1"
	knotc -c "$lab_directory/knot/knot.conf" -f -b zone-reload example.com >/dev/null 2>&1
}

knot_kill() {
	[ -n "$knot_pid" ] || return 0
	kill -KILL "$knot_pid" 2>/dev/null
	wait "$knot_pid" 2>/dev/null
	knot_pid=
}
