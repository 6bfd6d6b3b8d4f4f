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
