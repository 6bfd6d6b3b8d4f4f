# shellcheck shell=bash
# The control plane with the real polkit: who may write, and what happens without it.

RULE=/etc/polkit-1/rules.d/50-wd40d-test.rules

# set_as_nobody VALUE: one transaction as an ordinary user; the error's text is in $ERROR.
set_as_nobody() {
	ERROR=$(runuser -u nobody -- busctl call "${BUS[@]}" org.scx.Wd40 SetTunables 'a{sv}a{sv}' \
		1 GreedyThreshold u "$1" 0 2>&1)
}

allow_nobody() {
	mkdir -p /etc/polkit-1/rules.d
	cat >$RULE <<-'RULES'
		polkit.addRule(function(action, subject) {
			if (action.id == "org.scx.Wd40.set-tunables" && subject.user == "nobody")
				return polkit.Result.YES;
		});
	RULES
	chmod 644 $RULE
	systemctl restart polkit
}

# Every method and every writable property of the installed XML, as "INTERFACE NAME SIGNATURE".
members() {
	python3 - "$1" <<-'PYTHON'
		import sys, xml.etree.ElementTree as tree
		for interface in tree.parse("/usr/share/dbus-1/interfaces/org.scx.Wd40.xml").iter("interface"):
		    for member in interface:
		        name, kind = member.get("name"), member.tag
		        if kind == "property":
		            kind = "writable" if member.get("access") == "readwrite" else "readable"
		            signature = member.get("type")
		        else:
		            signature = "".join(a.get("type") for a in member.iter("arg") if a.get("direction") == "in")
		        if kind == sys.argv[1]:
		            print(interface.get("name"), name, signature)
	PYTHON
}

# zeros SIGNATURE: arguments of these types for busctl, each nothing.
zeros() {
	case $1 in
	'') ;;
	a\{sv\}*) echo 0 && zeros "${1#a\{sv\}}" ;;
	as*) echo 0 && zeros "${1#as}" ;;
	b*) echo no && zeros "${1#b}" ;;
	[tud]*) echo 0 && zeros "${1#?}" ;;
	*) fail "no arguments for $1" ;;
	esac
}

# Without a password that can be asked for.
refused() {
	[[ $1 == *"nteractive authentication required"* || $1 == *"ccess denied"* || $1 == *"not allowed"* ||
		$1 == *"password has to be asked"* ]]
}

test_control_ordinary_user_reads_everything() {
	local interface name signature path n=0
	start_service
	while read -r interface name signature; do
		path=/org/scx/Wd40
		[[ $interface == *.Node ]] && path+=/Node/N0
		[[ $interface == *.Domain ]] && path+=/Domain/D0
		runuser -u nobody -- busctl get-property org.scx.Wd40 $path "$interface" "$name" >/dev/null ||
			fail "nobody cannot read $interface.$name"
		n=$((n + 1))
	done < <(members readable && members writable)
	((n > 60)) || fail "only $n properties"
	for name in DescribeTunables CheckConfig GetPermissions; do
		runuser -u nobody -- busctl call "${BUS[@]}" org.scx.Wd40 $name >/dev/null || fail "$name"
	done
	runuser -u nobody -- busctl call "${BUS[@]}" org.freedesktop.DBus.ObjectManager GetManagedObjects >/dev/null
}

test_control_ordinary_user_writes_nothing() {
	local interface name signature out generation n=0
	local free=' DescribeTunables CheckConfig GetPermissions GetStatistics GetMetadata Subscribe Unsubscribe '
	generation=$(property Generation)
	while read -r interface name signature; do
		[[ $free == *" $name "* ]] && continue
		# shellcheck disable=SC2046
		! out=$(runuser -u nobody -- busctl call --allow-interactive-authorization=no "${BUS[@]}" "$interface" \
			"$name" ${signature:+"$signature"} $(zeros "$signature") 2>&1) || fail "nobody may call $name"
		refused "$out" || fail "$name is refused, but why? $out"
		n=$((n + 1))
	done < <(members method)
	((n >= 12)) || fail "only $n methods"
	while read -r interface name signature; do
		# shellcheck disable=SC2046
		! out=$(runuser -u nobody -- busctl set-property "${BUS[@]}" "$interface" "$name" "$signature" \
			$(zeros "$signature") 2>&1) || fail "nobody may set $name"
		refused "$out" || fail "$name is refused, but why? $out"
		n=$((n + 1))
	done < <(members writable)
	((n >= 32)) || fail "only $n members"
	equal "unchanged" "$generation" "$(property Generation)"
}

# What programs look for in the journal: the events' ids are in the manual page.
test_control_journal_has_fields() {
	local id
	busctl call "${BUS[@]}" org.scx.Wd40 SetTunables 'a{sv}a{sv}' 1 GreedyThreshold u 6 1 reason s 'to see it'
	id=$(sed -n 's/.*EVENT_TUNABLE_CHANGED *"\(.*\)".*/\1/p' /lab/src/daemon/event.h)
	written() {
		[[ $(journalctl MESSAGE_ID="$id" WD40_TUNABLE=greedy-threshold WD40_VALUE=6 -o json -n 1 |
			python3 -c 'import json, sys; e = json.load(sys.stdin); print(e["WD40_UID"], e["WD40_ORIGIN"],
				e["WD40_REASON"], e["_SYSTEMD_UNIT"], e["SYSLOG_IDENTIFIER"])') == \
			"0 runtime to see it wd40d.service wd40d" ]]
	}
	wait_for "entry with fields" written
	set_property GreedyThreshold u 1
}

test_control_asks_polkit() {
	start_service
	! set_as_nobody 5 || fail "nobody may write without a rule"
	[[ $ERROR == *uthentication* || $ERROR == *password* || $ERROR == *denied* || $ERROR == *"not allowed"* ]] ||
		fail "refused, but why? $ERROR"
	equal "unchanged" 1 "$(property GreedyThreshold)"
	allow_nobody
	granted() { set_as_nobody 5; }
	wait_for "permission by the rule" granted
	equal "written" 5 "$(property GreedyThreshold)"
	journalctl -u wd40d --no-pager -o cat | grep 'greedy-threshold = 5' | grep -q 'uid 65534' ||
		fail "the journal does not say who"
	rm $RULE
}

test_control_without_polkit_is_roots() {
	allow_nobody
	systemctl mask --now --runtime polkit
	! set_as_nobody 7 || fail "nobody may write without polkit"
	[[ $ERROR == *[Dd]enied* ]] || fail "refused, but why? $ERROR"
	busctl call "${BUS[@]}" org.scx.Wd40 SetTunables 'a{sv}a{sv}' 1 GreedyThreshold u 1 0
	equal "root writes" 1 "$(property GreedyThreshold)"
	systemctl unmask --runtime polkit
	rm $RULE
}

# Under the unit's sandbox, which has /etc read-only but for wd40d's own folder.
test_control_saves() {
	busctl call "${BUS[@]}" org.scx.Wd40 SetTunables 'a{sv}a{sv}' 1 SliceOverutilUSec t 1500 1 persist s disk
	grep -q 'slice-us-overutil = 1500' /etc/wd40d/wd40d.ini.d/90-runtime.ini || fail "not saved"
	systemctl restart wd40d
	wait_for "bus name" property State
	equal "after the restart" 1500 "$(property SliceOverutilUSec)"
	busctl call "${BUS[@]}" org.scx.Wd40 ResetTunables 'asa{sv}' 0 1 persist s disk
	equal "after the reset" 1000 "$(property SliceOverutilUSec)"
}

test_control_takes_back_what_nobody_confirms() {
	busctl call "${BUS[@]}" org.scx.Wd40 SetTunables 'a{sv}a{sv}' 1 SliceOverutilUSec t 1500 \
		1 confirm-timeout-usec t 2000000
	equal "on trial" 1500 "$(property SliceOverutilUSec)"
	wait_for "the old value" property_is SliceOverutilUSec 1000
	journalctl -u wd40d --no-pager -o cat | grep -q 'taken back: expired' || fail "the journal is silent"
}

test_control_reattaches() {
	local seq
	seq=$(enable_seq)
	busctl call --timeout=120 "${BUS[@]}" org.scx.Wd40 Reattach 'a{sv}' 0
	equal "enable_seq" $((seq + 1)) "$(enable_seq)"
	busctl call "${BUS[@]}" org.scx.Wd40 Detach 'a{sv}' 0
	wait_for "the end" state_is disabled
	busctl call --timeout=120 "${BUS[@]}" org.scx.Wd40 Attach 'a{sv}' 0
	wait_for "scheduler" state_is enabled
}
