# SPDX-License-Identifier: BSD-3-Clause
# Hugepages for the time of a run: asked for through /sys under a lock, and exactly what was taken
# is given back.  To be sourced by bash scripts after undo.sh; run as root.
#
# The pages are added to what the machine has, since free pages may be claimed by another run that
# is just starting.  What a killed run left behind is collected by the next.

hugepages_sys=${hugepages_sys:-/sys/kernel/mm/hugepages}
hugepages_state=${hugepages_state:-/run/tandem-hugepages}
hugepages_lock=${hugepages_lock:-/run/lock/tandem-hugepages.lock}

# The start time beside the process id tells a process from a later one with the same id.
hugepages_owner() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	# Fields after the command's closing parenthesis: the 20th is the start time.
	set -- "$1" ${stat##*) }
	shift 20
	echo "$1"
}

hugepages_give_back() {
	local file=$1 kb pages now
	read -r kb pages <"$file" || return 0
	now=$(cat "$hugepages_sys/hugepages-${kb}kB/nr_hugepages")
	echo $((now > pages ? now - pages : 0)) >"$hugepages_sys/hugepages-${kb}kB/nr_hugepages"
	rm -f "$file"
}

hugepages_collect() {
	local file name
	for file in "$hugepages_state"/*; do
		[ -e "$file" ] || continue
		name=${file##*/}
		if [ "$(hugepages_owner "${name%-*}")" != "${name#*-}" ]; then
			hugepages_give_back "$file"
		fi
	done
}

# hugepages_reserve PAGES [PAGE_KB]: 0 when that many can be used.  1: not so, and nothing taken.
hugepages_reserve() {
	local pages=$1 kb=${2:-2048} dir before after file start
	dir=$hugepages_sys/hugepages-${kb}kB
	[ -w "$dir/nr_hugepages" ] || return 1
	mkdir -p "$hugepages_state" || return 1
	start=$(hugepages_owner $$)
	file=$hugepages_state/$$-$start
	# First, and pages and their record together: a signal may come at any moment.
	undo_push hugepages_release
	(
		trap '' INT TERM HUP
		flock 9
		hugepages_collect
		before=$(cat "$dir/nr_hugepages")
		echo $((before + pages)) 2>/dev/null >"$dir/nr_hugepages" || exit 1
		after=$(cat "$dir/nr_hugepages")
		if [ "$after" -ge $((before + pages)) ]; then
			echo "$kb $pages" >"$file"
			exit 0
		fi
		echo "$before" >"$dir/nr_hugepages"
		# Pages that the operator set aside serve as well.
		[ "$(cat "$dir/free_hugepages")" -ge "$pages" ]
	) 9>"$hugepages_lock" || return 1
}

hugepages_release() {
	local start file
	start=$(hugepages_owner $$)
	file=$hugepages_state/$$-$start
	[ -e "$file" ] || return 0
	(
		flock 9
		hugepages_give_back "$file"
	) 9>"$hugepages_lock"
}
