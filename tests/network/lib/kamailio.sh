# SPDX-License-Identifier: BSD-3-Clause
# Kamailio as a peer: a proxy switch that keeps transactions (kamailio.cfg).  To be sourced.

# RFC 3261 §17: what has a final response is kept for 64*T1, so that a retransmission is known for
# one; a non-INVITE is given up after 64*T1, an INVITE that rings after more than three minutes.
kamailio_timers_rfc='modparam("tm", "retr_timer1", 500)
modparam("tm", "retr_timer2", 4000)
modparam("tm", "fr_timer", 32000)
modparam("tm", "fr_inv_timer", 190000)
modparam("tm", "wt_timer", 32000)'
# Nothing set: Kamailio's own, which forget a transaction 5 s after its end.
kamailio_timers_default=

# kamailio_start NAME NS ADDRESS NEXT_HOST_PORT TIMERS: TIMERS is rfc or default.  Returns when its
# socket is bound.  In the foreground, so that the namespace's end ends it.
kamailio_start() {
	local name=$1 ns=$2 address=$3 next=$4 timers=kamailio_timers_$5 text
	text=$(<"$tests_network/kamailio.cfg")
	text=${text/@LISTEN@/$address:5060}
	text=${text/@NEXT@/$next}
	echo "${text/@TIMERS@/${!timers}}" >"$lab_directory/$name.cfg"
	mkdir -p "$lab_directory/$name"
	ip netns exec "$ns" kamailio -DD -E -m 512 -M 16 -f "$lab_directory/$name.cfg" \
		-P "$lab_directory/$name/pid" -Y "$lab_directory/$name" \
		>"$lab_directory/$name.log" 2>&1 &
	wait_for 15 is_bound "$ns" "$address" || {
		tap_show "$lab_directory/$name.log"
		bail "Kamailio did not start"
	}
}
