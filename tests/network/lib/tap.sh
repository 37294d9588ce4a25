# SPDX-License-Identifier: BSD-3-Clause
# Results in TAP, and waiting for things.  To be sourced.

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
	if [[ $2 =~ ^-?[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		tap 0 "$1"
	else
		tap 1 "$1"
		echo "#   got $2, wanted $3 to $4"
	fi
}

# matches NAME GOT REGEX: an extended regular expression of bash.
matches() {
	if [[ $2 =~ $3 ]]; then
		tap 0 "$1"
	else
		tap 1 "$1"
		echo "#   got:    $2"
		echo "#   wanted: $3"
	fi
}

# Shows a file as comments, for whoever reads a failure.
tap_show() {
	sed 's/^/#   /' "$@" 2>/dev/null
}

# tap_report FILE: the cases that a helper found: "ok NAME" and "not ok NAME"; other lines as they are.
tap_report() {
	local line
	while IFS= read -r line; do
		case $line in
		ok\ *) tap 0 "${line#ok }" ;;
		not\ ok\ *) tap 1 "${line#not ok }" ;;
		*) echo "$line" ;;
		esac
	done <"$1"
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

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}
