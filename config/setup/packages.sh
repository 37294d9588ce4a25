# SPDX-License-Identifier: BSD-3-Clause
# Debian packages out of config/packages: which are missing, and installing them.
# To be sourced by bash scripts after undo.sh; run as root.
#
# Packages that start daemons on installation are kept from it by a policy-rc.d that refuses; one
# that was there before is put back.

packages_policy=/usr/sbin/policy-rc.d

# packages_list FILE SECTION...: the names, one a line.
packages_list() {
	local file=$1
	shift
	awk -v wanted=" $* " '
		/^[ \t]*(#|$)/ { next }
		/^\[/ { section = $1; gsub(/[][]/, "", section); next }
		index(wanted, " " section " ") { print $1 }
	' "$file"
}

# packages_missing FILE SECTION...: those not installed.  Asks dpkg once.
packages_missing() {
	local installed
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
		sed -n 's/^installed //p' | sort -u)
	comm -23 <(packages_list "$@" | sort -u) <(printf '%s\n' "$installed")
}

packages_policy_restore() {
	rm -f "$packages_policy"
	if [ -e "$packages_policy.tandem" ]; then
		mv "$packages_policy.tandem" "$packages_policy"
	fi
}

packages_policy_refuse() {
	# Left over from a run that was killed: the original is the copy.
	if [ ! -e "$packages_policy.tandem" ] && [ -e "$packages_policy" ]; then
		mv "$packages_policy" "$packages_policy.tandem"
	fi
	printf '#!/bin/sh\nexit 101\n' >"$packages_policy"
	chmod 755 "$packages_policy"
}

packages_apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 \
		-o DPkg::Lock::Timeout=300 "$@"
}

# packages_install FILE SECTION...: installs what is missing; nothing missing costs one dpkg-query.
# One run at a time on a machine.
packages_install() {
	local missing log
	mapfile -t missing < <(packages_missing "$@")
	[ "${#missing[@]}" -eq 0 ] && return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "these packages are missing and only root can install them: ${missing[*]}" >&2
		return 1
	fi
	echo "installing ${missing[*]}"
	log=$(mktemp)
	(
		flock 9
		trap packages_policy_restore EXIT
		trap 'exit 130' INT TERM HUP
		packages_policy_refuse
		packages_apt install --no-install-recommends "${missing[@]}" >"$log" 2>&1 && exit 0
		# The package index may be absent or out of date: fetch it and try once more.
		packages_apt update >>"$log" 2>&1 &&
			packages_apt install --no-install-recommends "${missing[@]}" >>"$log" 2>&1
	) 9>/run/lock/tandem-packages.lock
	local status=$?
	[ "$status" -eq 0 ] || tail -n 20 "$log" >&2
	rm -f "$log"
	return "$status"
}
