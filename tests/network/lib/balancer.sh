# SPDX-License-Identifier: BSD-3-Clause
# tandemd under test: its configuration, its answers and counters, its end.  To be sourced.
#
# A test that wants another configuration than the demonstration's defines lab_config anew: it is
# called with WORKERS MEMORY_MIB and writes $lab_directory/tandem.yaml.

# config_common WORKERS MEMORY_MIB: the lines that every configuration has.  The long T1 is for SIPp,
# which fails a call whose INVITE is repeated before it has come to answering the first: a machine
# that stalls for half a second is not what these tests are about.
config_common() {
	cat <<-YAML
		timers: {t1: 2s, t2: 4s}
		dataplane: {workers: $1, memory: ${2}MiB, huge: "$lab_huge"}
		state_dir: "$lab_directory/state"
		control: {socket: "ipc://$lab_directory/control.sock"}
	YAML
}

# config_device NUMBER INTERFACE: the device string.
config_device() {
	echo "$lab_device$1,iface=$2"
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

# verdicts REASON [KIND]: how many more there were in `after` than in `before`.
verdicts() {
	python3 - "$lab_directory" "$1" "${2:-}" <<-'PYTHON'
		import json, sys
		directory, reason, kind = sys.argv[1:]
		def count(name):
		    rows = json.load(open("%s/%s.drops" % (directory, name)))["verdicts"]
		    return sum(r["count"] for r in rows
		               if r["reason"] == reason and kind in ("", r["kind"]))
		print(count("after") - count("before"))
	PYTHON
}

# more_of MOMENT_JSON EXPRESSION: after - before, for example more_of status 'd["messages"]'.
more_of() {
	echo $(($(json "$lab_directory/after.$1" "$2") - $(json "$lab_directory/before.$1" "$2")))
}

# requests_at TARGET: initial requests that were sent to it, after - before.
requests_at() {
	more_of targets "sum(t[\"load\"][\"requests\"] for t in d[\"targets\"] if t[\"name\"] == \"$1\")"
}

count_before() {
	lab_counters "$lab_directory/before" || bail "the counters never came to rest"
}

count_after() {
	lab_counters "$lab_directory/after" || bail "the counters never came to rest"
}

# What Tandem and the peers' kernels counted is the same, and every packet has its verdict.
packets_are_accounted_for() {
	count_after
	is "verdicts add up to the packets received" \
		"$(json "$lab_directory/after.drops" 'd["sum"]')" \
		"$(json "$lab_directory/after.drops" 'd["received"]')"
	is "Tandem received what the peers' kernels sent" "$(more_of drops 'd["received"]')" \
		"$(($(tr ' ' '+' <"$lab_directory/after.kernel") - ($(tr ' ' '+' <"$lab_directory/before.kernel"))))"
}

# Ends tandemd as an operator would, and says what the sanitizers found.
tandemd_ends_cleanly() {
	local pid=$lab_tandemd_pid tries status
	kill -TERM "$pid"
	for ((tries = 0; tries < 300; tries++)); do
		kill -0 "$pid" 2>/dev/null || break
		# Calls that the test left behind are not waited for.
		[ "$tries" -ne 10 ] || kill -TERM "$pid" 2>/dev/null
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid"
	status=$?
	lab_tandemd_pid=
	is "tandemd ends on SIGTERM with status 0 and nothing leaked" "$status" 0
	[ "$status" -eq 0 ] || tap_show <(head -n 30 "$lab_directory/tandemd.log")
}
