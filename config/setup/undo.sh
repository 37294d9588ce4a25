# SPDX-License-Identifier: BSD-3-Clause
# A stack of things to undo, run in reverse order when the script ends, also after ^C or TERM.
# To be sourced by bash scripts.  Is not responsible for what the commands do.
#
#	undo_install                     once, near the start
#	undo_push ip netns del callers   after each thing made; arguments are kept as they are

undo_stack=()

undo_push() {
	local quoted
	printf -v quoted '%q ' "$@"
	undo_stack+=("$quoted")
}

# Runs the stack once.  A failing command does not keep the others from running.
undo_run() {
	local i
	for ((i = ${#undo_stack[@]} - 1; i >= 0; i--)); do
		eval "${undo_stack[i]}" || true
	done
	undo_stack=()
}

# A second ^C while things are undone must not leave half of them behind; nor must SIGKILL to the
# process group, which meson sends half a second after SIGTERM: the undoing has a group of its own.
undo_on_exit() {
	local status=$?
	trap '' INT TERM HUP
	trap - EXIT
	[ "${#undo_stack[@]}" -gt 0 ] || exit "$status"
	set -m
	undo_run &
	set +m
	wait "$!"
	exit "$status"
}

undo_install() {
	trap undo_on_exit EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}
