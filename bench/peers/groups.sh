# SPDX-License-Identifier: BSD-3-Clause
# Who used the processor: a cgroup (version 2) for the balancer and one for the load, where the machine
# has a hierarchy that can be written; else measure.py adds up the processes of the namespaces.  And on
# which cores: the balancer has one of its own.  To be sourced after config/setup/undo.sh.

groups_folder=         # where the two are; empty: none, processes are added up
groups_balancer_core=
groups_load_cores=

# groups_cores [CORE]: the balancer's core (default: the last), and all others for the load.  1: there
# are not two.
groups_cores() {
	local allowed
	mapfile -t allowed < <(python3 -c 'import os
for core in sorted(os.sched_getaffinity(0)):
    print(core)')
	[ "${#allowed[@]}" -ge 2 ] || return 1
	groups_balancer_core=${1:-${allowed[-1]}}
	groups_load_cores=$(printf '%s\n' "${allowed[@]}" | grep -vx "$groups_balancer_core" |
		paste -sd,)
	[ "$(wc -w <<<"${groups_load_cores//,/ }")" -lt "${#allowed[@]}" ]
}

# groups_make: before the namespaces are made, since what runs in them is ended with them and has to be
# gone before its cgroup can be.  1 if there is no cgroup that can be written.
groups_make() {
	local mount
	mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	if [ -z "$mount" ]; then
		mount=$(mktemp -d) || return 1
		undo_push rmdir "$mount"
		mount -t cgroup2 none "$mount" 2>/dev/null || return 1
		undo_push umount "$mount"
	fi
	groups_folder=$mount/tandem-compare-$$
	undo_push groups_remove
	if mkdir "$groups_folder" "$groups_folder/balancer" "$groups_folder/load" 2>/dev/null &&
		[ -r "$groups_folder/load/cpu.stat" ]; then
		return 0
	fi
	groups_remove
	groups_folder=
	return 1
}

# After what ran inside has ended; the kernel needs a moment to see that.
groups_remove() {
	local tries name
	[ -n "$groups_folder" ] || return 0
	for ((tries = 0; tries < 50; tries++)); do
		for name in /balancer /load ''; do
			rmdir "$groups_folder$name" 2>/dev/null
		done
		[ -e "$groups_folder" ] || return 0
		sleep 0.1
	done
}

# groups_enter balancer|load [PID]: moves a process with all its threads, by default the calling shell,
# into the group and onto its cores.
groups_enter() {
	local pid=${2:-$BASHPID} cores=$groups_load_cores
	[ "$1" = load ] || cores=$groups_balancer_core
	taskset -apc "$cores" "$pid" >/dev/null || return 1
	[ -z "$groups_folder" ] || echo "$pid" >"$groups_folder/$1/cgroup.procs"
}
