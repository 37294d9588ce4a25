# SPDX-License-Identifier: BSD-3-Clause
# Network namespaces, veth pairs between them, and loss on purpose.  To be sourced by bash scripts
# after undo.sh; run as root.  All that is made is undone when the script ends.

# netns_create NAME
# The undoing goes first: a signal is answered as soon as the command that it interrupts is over.
netns_create() {
	undo_push netns_remove "$1"
	ip netns add "$1" || return 1
	ip -n "$1" link set lo up
}

# Ends what still runs inside, then removes the namespace and with it its interfaces.
netns_remove() {
	local pids tries
	pids=$(ip netns pids "$1" 2>/dev/null)
	if [ -n "$pids" ]; then
		kill $pids 2>/dev/null
		for ((tries = 0; tries < 40; tries++)); do
			[ -n "$(ip netns pids "$1" 2>/dev/null)" ] || break
			sleep 0.05
		done
		pids=$(ip netns pids "$1" 2>/dev/null)
		[ -n "$pids" ] && kill -9 $pids 2>/dev/null
	fi
	ip netns del "$1" 2>/dev/null
}

# netns_link NS_A IF_A NS_B IF_B [MTU]: a veth pair, both ends up.  Checksum offload is off at both
# ends: a frame that a veth hands to AF_XDP carries an unfinished UDP checksum otherwise.
netns_link() {
	local mtu=${5:-1500} end
	ip -n "$1" link add "$2" mtu "$mtu" type veth peer name "$4" mtu "$mtu" netns "$3" || return 1
	for end in "$1 $2" "$3 $4"; do
		set -- $end
		ip netns exec "$1" ethtool -K "$2" tx off rx off gso off tso off gro off \
			>/dev/null 2>&1 ||
			ip netns exec "$1" ethtool -K "$2" tx off >/dev/null || return 1
		ip -n "$1" link set "$2" up || return 1
	done
}

# netns_address NS IF ADDRESS/BITS.  nodad: an IPv6 address that is still tentative sends nothing.
netns_address() {
	case $3 in
	*:*) ip -n "$1" address add "$3" dev "$2" nodad ;;
	*) ip -n "$1" address add "$3" dev "$2" ;;
	esac
}

# netns_route NS DESTINATION GATEWAY
netns_route() {
	ip -n "$1" route add "$2" via "$3"
}

# netns_loss NS IF PERCENT: loses that share of the UDP datagrams that the namespace receives, and
# of those that it sends.  Egress at the device, since the output hook would tell the sender.
netns_loss() {
	ip netns exec "$1" nft -f - <<-RULES
		table inet tandem_loss {
			chain received {
				type filter hook input priority 0;
				iifname "$2" meta l4proto udp numgen random mod 10000 < $(netns_loss_share "$3") counter drop
			}
		}
		table netdev tandem_loss {
			chain sent {
				type filter hook egress device "$2" priority 0;
				meta l4proto udp numgen random mod 10000 < $(netns_loss_share "$3") counter drop
			}
		}
	RULES
}

# Percent, fractions allowed, in ten-thousandths.
netns_loss_share() {
	awk -v percent="$1" 'BEGIN { printf "%d", percent * 100 + 0.5 }'
}

# netns_lost NS: how many datagrams were lost on purpose, received and sent.
netns_lost() {
	ip netns exec "$1" nft list ruleset |
		awk '/numgen/ { for (i = 1; i < NF; i++) if ($i == "packets") n += $(i + 1) } END { print n + 0 }'
}
