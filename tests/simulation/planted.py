# SPDX-License-Identifier: BSD-3-Clause
"""Faults that tests/simulation/mutate plants in the engine, beside the cells of the tables."""

# (name, file, text, text instead); the text stands in the file exactly once.
PLANTED = [
    ("Timer E not slowed by a 1xx", "proxy/client.c",
     "else if (txn->client_state == NON_INVITE_CLIENT_PROCEEDING)",
     "else if (false)"),
    ("all timers of the wheel 1 ms early", "proxy/txn.c",
     "txn->deadlines[which] = tick_add(call->now, TICK_MS(ms));",
     "txn->deadlines[which] = tick_add(call->now, TICK_MS(ms) - 1000);"),
    ("a tombstone loses its server key", "proxy/txn.c",
     "	txn_table_update(proxy->table, txn->server_key, txn->index, TOMBSTONE_BIT | index);\n"
     "	txn_table_update(proxy->table, txn->client_key, txn->index, TOMBSTONE_BIT | index);\n"
     "	free",
     "	txn_table_remove(proxy->table, txn->server_key, txn->index);\n"
     "	txn_table_update(proxy->table, txn->client_key, txn->index, TOMBSTONE_BIT | index);\n"
     "	free"),
    ("a tombstone loses its client key", "proxy/txn.c",
     "	txn_table_update(proxy->table, txn->server_key, txn->index, TOMBSTONE_BIT | index);\n"
     "	txn_table_update(proxy->table, txn->client_key, txn->index, TOMBSTONE_BIT | index);\n"
     "	free",
     "	txn_table_update(proxy->table, txn->server_key, txn->index, TOMBSTONE_BIT | index);\n"
     "	txn_table_remove(proxy->table, txn->client_key, txn->index);\n"
     "	free"),
    ("own responses without To tag", "proxy/server.c",
     "status == 100 ? SPAN_EMPTY : span_of(tag, TAG_TEXT_LEN)",
     "SPAN_EMPTY"),
    ("own stateless responses without To tag", "proxy/reply.c",
     "span_of(tag, TAG_TEXT_LEN)",
     "SPAN_EMPTY"),
    ("100 with a To tag", "proxy/server.c",
     "status == 100 ? SPAN_EMPTY : span_of(tag, TAG_TEXT_LEN)",
     "span_of(tag, TAG_TEXT_LEN)"),
    ("1xx to a non-INVITE is passed on", "proxy/response.c",
     "	if (!(txn->flags & TXN_IS_INVITE))\n"
     "		return verdict_of(VERDICT_ABSORB, msg->status == 100",
     "	if (false)\n"
     "		return verdict_of(VERDICT_ABSORB, msg->status == 100"),
    ("CANCEL before a 1xx", "proxy/cancel.c",
     "txn->client_state != INVITE_CLIENT_PROCEEDING ||",
     "txn->client_state > INVITE_CLIENT_PROCEEDING ||"),
    ("CANCEL is not answered", "proxy/cancel.c",
     "txn_deadline_clear(txn, DEADLINE_CANCEL_RETRANSMIT);\n"
     "	txn_deadline_clear(txn, DEADLINE_CANCEL_END);",
     ""),
    ("Timer C without CANCEL", "proxy/client.c",
     "if (!(txn->flags & TXN_CANCEL_SENT)) {",
     "if (false) {"),
    ("a target's outstanding is not taken back", "proxy/client.c",
     "__atomic_fetch_sub(&txn->status->outstanding, 1, __ATOMIC_RELAXED);",
     "(void)0;"),
    ("an answer forgets NAT", "proxy/compose.c",
     "token.has_source = true;",
     "token.has_source = false;"),
    ("the call memory forgets", "proxy/request.c",
     "	remember(call, txn, route);\n",
     ""),
    ("a final response goes to its sender", "proxy/server.c",
     "call_send(call, message, in_place, txn->ingress, &txn->local, &txn->answer);",
     "call_send(call, message, in_place, txn->ingress, &txn->local, &txn->local);"),
    ("Max-Forwards is kept", "proxy/compose.c",
     "msg->max_forwards > 0 ? msg->max_forwards - 1 : 0",
     "msg->max_forwards > 0 ? msg->max_forwards : 0"),
    ("an ICMP error about an ACK counts", "proxy/proxy.c",
     "!span_starts_with(quoted, SPAN(\"ACK \")) &&",
     ""),
    ("an ICMP error about a CANCEL counts", "proxy/proxy.c",
     "!span_starts_with(quoted, SPAN(\"CANCEL \")) &&",
     ""),
    ("ICMP errors are ignored", "proxy/proxy.c",
     "		client_transport_error(&call, txn);\n",
     ""),
    ("a tombstone repeats no ACK", "proxy/response.c",
     "		if (msg->status >= 300 && tombstone->copy) {",
     "		if (false) {"),
    ("a tombstone passes no 2xx on", "proxy/response.c",
     "	if (msg->status >= 300 || tombstone->server_state != INVITE_SERVER_ACCEPTED)",
     "	if (true)"),
    ("a tombstone repeats no response", "proxy/request.c",
     "if (!tombstone->is_invite && tombstone->copy &&",
     "if (false &&"),
    ("a tombstone passes an ACK to a non-2xx on", "proxy/request.c",
     "tombstone->server_state == INVITE_SERVER_ACCEPTED)",
     "true)"),
    ("the branch is this process's own", "proxy/branch.c",
     "	hash_stream_u64(&s, 'c' | (uint64_t)attempt << 8);",
     "	hash_stream_u64(&s, snapshot->epoch);\n"
     "	hash_stream_u64(&s, 'c' | (uint64_t)attempt << 8);"),
    ("a restart chooses another target", "balance/policy.c",
     "	return hash64(&snapshot->call_key, call_id);",
     "	return hash64(&snapshot->call_key, call_id) + snapshot->epoch;"),
    ("a CANCEL without its INVITE gets a branch of its own", "proxy/request.c",
     "		.key = branch_client_key(call->snapshot, server_key, msg, 0),\n"
     "		.loop_part = branch_loop_part",
     "		.key = branch_client_key(call->snapshot, server_key, msg, 1),\n"
     "		.loop_part = branch_loop_part"),
    ("a verdict is not counted", "proxy/proxy.c",
     "	struct verdict verdict = call_receive(&call);\n"
     "	verdict_count(&proxy->verdicts, verdict);",
     "	struct verdict verdict = call_receive(&call);\n"
     "	if (verdict.reason != REASON_FINAL)\n"
     "		verdict_count(&proxy->verdicts, verdict);"),
    ("Timer A 10 % early", "proxy/client.c",
     "is_invite ? timers->timer_a_ms : timers->timer_e_ms;",
     "is_invite ? timers->timer_a_ms * 9 / 10 : timers->timer_e_ms;"),
    ("Timer E 10 % early", "proxy/client.c",
     "is_invite ? timers->timer_a_ms : timers->timer_e_ms;",
     "is_invite ? timers->timer_a_ms : timers->timer_e_ms * 9 / 10;"),
    ("Timers A and E later 10 % early", "proxy/client.c",
     "t2_ms);\n"
     "	txn_deadline_in(call, txn, DEADLINE_CLIENT_RETRANSMIT, txn->client_interval_ms);",
     "t2_ms);\n"
     "	txn_deadline_in(call, txn, DEADLINE_CLIENT_RETRANSMIT, txn->client_interval_ms * 9 / 10);"),
    ("Timer B 10 % early", "proxy/client.c",
     "is_invite ? timers->timer_b_ms : timers->timer_f_ms);",
     "is_invite ? timers->timer_b_ms * 9 / 10 : timers->timer_f_ms);"),
    ("Timer F 10 % early", "proxy/client.c",
     "is_invite ? timers->timer_b_ms : timers->timer_f_ms);",
     "is_invite ? timers->timer_b_ms : timers->timer_f_ms * 9 / 10);"),
    ("Timer M 10 % early", "proxy/client.c",
     "uint64_t ms = timers->timer_m_ms;",
     "uint64_t ms = timers->timer_m_ms * 9 / 10;"),
    ("Timer K 10 % early", "proxy/client.c",
     "ms = timers->timer_k_ms;",
     "ms = timers->timer_k_ms * 9 / 10;"),
    ("Timer D 10 % early", "proxy/client.c",
     "ms = timers->timer_d_ms;",
     "ms = timers->timer_d_ms * 9 / 10;"),
    ("the wait after a CANCEL 10 % early", "proxy/client.c",
     "64 * (uint64_t)timers->t1_ms : /* §9.1 */",
     "58 * (uint64_t)timers->t1_ms : /* §9.1 */"),
    ("Timer C 10 % early", "proxy/client.c",
     "						    timers->timer_c_ms;",
     "						    timers->timer_c_ms * 9 / 10;"),
    ("Timer J 10 % early", "proxy/server.c",
     "uint32_t ms = timers->timer_j_ms;",
     "uint32_t ms = timers->timer_j_ms * 9 / 10;"),
    ("Timer H 10 % early", "proxy/server.c",
     "INVITE_SERVER_COMPLETED ? timers->timer_h_ms :",
     "INVITE_SERVER_COMPLETED ? timers->timer_h_ms * 9 / 10 :"),
    ("Timer L 10 % early", "proxy/server.c",
     "								    timers->timer_l_ms;",
     "								    timers->timer_l_ms * 9 / 10;"),
    ("Timer I 10 % early", "proxy/server.c",
     "ms = timers->timer_i_ms;",
     "ms = timers->timer_i_ms * 9 / 10;"),
    ("Timer G first 10 % early", "proxy/server.c",
     "txn->server_interval_ms = timers_of_server(call, txn)->timer_g_ms;",
     "txn->server_interval_ms = timers_of_server(call, txn)->timer_g_ms * 9 / 10;"),
    ("Timer G without its cap", "proxy/server.c",
     "		txn->server_interval_ms = MIN(txn->server_interval_ms * 2,\n"
     "					      timers_of_server(call, txn)->t2_ms);",
     "		txn->server_interval_ms = txn->server_interval_ms * 2;"),
    ("Timer E without its cap", "proxy/client.c",
     "txn->client_interval_ms = MIN(txn->client_interval_ms * 2, t2_ms);",
     "txn->client_interval_ms = txn->client_interval_ms * 2;"),
    ("the 100 to a non-INVITE 10 % early", "proxy/request.c",
     "trying_delay_ms(timers_of_server(call, txn)));",
     "trying_delay_ms(timers_of_server(call, txn)) * 9 / 10);"),
    ("Timer E of CANCEL 10 % early", "proxy/cancel.c",
     "txn_deadline_in(call, txn, DEADLINE_CANCEL_RETRANSMIT, timers->timer_e_ms);",
     "txn_deadline_in(call, txn, DEADLINE_CANCEL_RETRANSMIT, timers->timer_e_ms * 9 / 10);"),
    ("the next target 10 % early", "proxy/attempt.c",
     "				pool_of(call, txn)->try_next_after_ms);",
     "				pool_of(call, txn)->try_next_after_ms * 9 / 10);"),
    ("tombstones are never made", "proxy/txn.c",
     "may_shrink(txn) && shrink(call, txn))",
     "false && may_shrink(txn) && shrink(call, txn))"),
    ("tombstones expire at once", "proxy/txn.c",
     "		.client_end_ms = deadline_ms(txn->deadlines[DEADLINE_CLIENT_END]),\n"
     "		.service",
     "		.client_end_ms = deadline_ms(call->now + 1000),\n"
     "		.service"),
    ("tombstones forget the server side early", "proxy/txn.c",
     "	t->server_end_ms = deadline_ms(parent->deadlines[DEADLINE_SERVER_END]);",
     "	t->server_end_ms = deadline_ms(parent->deadlines[DEADLINE_SERVER_END] - 3200000);"),
    ("a branch loses its tombstone", "proxy/txn.c",
     "static bool shrink(struct call *call, struct txn *txn)\n"
     "{\n",
     "static bool shrink(struct call *call, struct txn *txn)\n"
     "{\n"
     "	if (txn->flags & TXN_IS_BRANCH) {\n"
     "		txn_destroy(call->proxy, txn);\n"
     "		return true;\n"
     "	}\n"),
    ("408 to a non-INVITE is passed on", "proxy/response.c",
     "	if (!(txn->flags & TXN_IS_INVITE) && msg->status == 408) {",
     "	if (false) {"),
    ("408 to a non-INVITE that timed out", "proxy/client.c",
     "status = is_invite ? 408 : 0;",
     "status = 408;"),
    ("503 is passed on", "proxy/context.c",
     "	if (msg->status == 503) {\n"
     "		/* Upstream",
     "	if (false) {\n"
     "		/* Upstream"),
    ("fail-over in a dialog", "proxy/attempt.c",
     "(TXN_HAS_TO_TAG | TXN_ABANDONED)",
     "(TXN_ABANDONED)"),
    ("fail-over after CANCEL", "proxy/attempt.c",
     "	if ((branch->flags & TXN_CANCELLED) || !may_follow(call, txn) ||",
     "	if (!may_follow(call, txn) ||"),
    ("fail-over of what the caller gave up", "proxy/context.c",
     "	txn->flags |= TXN_ABANDONED;\n",
     ""),
    ("fail-over keeps the branch", "proxy/attempt.c",
     "					 branch->attempt),",
     "					 0),"),
    ("fail-over may meet the same target", "proxy/client.c",
     "txn->tried[txn->tried_count++] = target->slot;",
     "txn->tried[txn->tried_count++] = 0;"),
    ("fail-over of a non-INVITE that timed out", "proxy/attempt.c",
     "	if (cause == FAILOVER_TIMEOUT && !(txn->flags & TXN_IS_INVITE))\n"
     "		return false;\n",
     ""),
    ("a CANCEL that waits is forgotten", "proxy/response.c",
     "	if (branch->flags & TXN_CANCELLED)\n"
     "		cancel_client(call, branch, NULL);\n",
     ""),
    ("Timer C is not restarted", "proxy/response.c",
     "	if (!(branch->flags & TXN_CANCEL_SENT))\n"
     "		client_linger(call, branch);\n",
     ""),
    ("a waiting CANCEL keeps its copy", "proxy/client.c",
     "	cancel_answered(call, branch);\n",
     ""),
    ("an INVITE that timed out keeps its request", "proxy/txn.c",
     "	if (!(txn->flags & TXN_IS_BRANCH) && txn_is_undecided(txn))\n"
     "		return;",
     "	if (!(txn->flags & TXN_IS_BRANCH))\n"
     "		return;"),
    ("an open branch is not cancelled", "proxy/context.c",
     "		if (branch->flags & TXN_IS_OPEN)\n"
     "			cancel_branch",
     "		if ((branch->flags & TXN_IS_OPEN) && branch == txn)\n"
     "			cancel_branch"),
    ("the first branch is not cancelled", "proxy/context.c",
     "		if (branch->flags & TXN_IS_OPEN)\n"
     "			cancel_branch",
     "		if ((branch->flags & TXN_IS_OPEN) && branch != txn)\n"
     "			cancel_branch"),
    ("a 6xx cancels nobody", "proxy/context.c",
     "	if (status >= 600)\n"
     "		context_cancel(call, txn, NULL);\n",
     ""),
    ("a 6xx is a refusal like others", "proxy/context.c",
     "	if (status >= 600)\n"
     "		return 0;",
     "	if (status >= 600)\n"
     "		return 60;"),
    ("a lower class is no better", "proxy/context.c",
     "	if (status < 400)\n"
     "		return 30;",
     "	if (status < 400)\n"
     "		return 55;"),
    ("a challenge is no better than another 4xx", "proxy/context.c",
     "	case 407:\n"
     "	case 415:",
     "	case 415:"),
    ("a 408 is as good as another 4xx", "proxy/context.c",
     "		return 42;",
     "		return 39;"),
    ("the last refusal goes up", "proxy/context.c",
     "	return txn->best_status == 0 ||\n",
     "	return true || txn->best_status == 0 ||\n"),
    ("a refusal does not wait for other branches", "proxy/context.c",
     "	if (txn->open == 0)\n"
     "		return decide_with",
     "	if (true)\n"
     "		return decide_with"),
    ("challenges of others are forgotten", "proxy/context.c",
     "	} else if (is_challenge(status)) {\n"
     "		keep_challenges(call, txn, msg);\n"
     "	}",
     "	}"),
    ("challenges of the best are forgotten", "proxy/context.c",
     "	if (is_challenge(status))\n"
     "		keep_challenges_of_best(call, txn);\n",
     ""),
    ("Max-Breadth is given twice", "proxy/attempt.c",
     "	txn->breadth_left -= breadth;\n",
     ""),
    ("Max-Breadth is not given back", "proxy/context.c",
     "	txn->breadth_left += branch->breadth; /* RFC 5393 §5.3.3.1 */\n",
     ""),
    ("Max-Breadth of the first branch is not counted", "proxy/request.c",
     "		txn->breadth_left -= txn->breadth;\n",
     ""),
    ("an ACK goes to another branch's target", "proxy/response.c",
     "	struct proxy *proxy = call->proxy;\n"
     "\n"
     "	if (txn->ack) {",
     "	struct proxy *proxy = call->proxy;\n"
     "\n"
     "	if (txn_parent(proxy, txn)->request)\n"
     "		txn = txn_parent(proxy, txn);\n"
     "	if (txn->ack) {"),
    ("the next target is tried beside one that answered", "proxy/attempt.c",
     "	    is_answered(call->proxy, txn))\n"
     "		return;",
     "	    false)\n"
     "		return;"),
    ("no target is tried beside a silent one", "proxy/attempt.c",
     "	if (attempt_next(call, txn))\n"
     "		call->proxy->stats.forks++;",
     "	(void)txn;"),
    ("a second answer is passed on whatever the policy", "proxy/extra.c",
     "	if (policy == EXTRA_2XX_FORWARD)\n"
     "		return false;",
     "	return false;"),
    ("the first answer is taken for a second one", "proxy/extra.c",
     "extra->winner == tag_hash(call->snapshot, msg)",
     "false"),
    ("a leg is ended without its ACK", "proxy/extra.c",
     "	call_send_own(call, ack, egress, &source, &leg.route.next_hop);\n",
     ""),
    ("a leg is acknowledged once", "proxy/extra.c",
     "		call_send_held(call, txn->ack);\n"
     "		proxy->stats.acks_resent++;\n"
     "	} else if",
     "	} else if"),
    ("a leg's BYE is repeated no more than its ACK", "proxy/own.c",
     "	client_start(call, txn);\n"
     "	return txn;",
     "	client_start(call, txn);\n"
     "	txn_deadline_clear(txn, DEADLINE_CLIENT_RETRANSMIT);\n"
     "	return txn;"),
    ("a leg's BYE has the ACK's CSeq", "proxy/extra.c",
     "	own.cseq = msg->cseq + 1;",
     "	own.cseq = msg->cseq;"),
    ("what is overtaken on the way is out of order", "state/dialog_table.c",
     "	return below < DIALOG_WINDOW && !(seen->closed >> below & 1) &&",
     "	return false && below < DIALOG_WINDOW && !(seen->closed >> below & 1) &&"),
    ("nothing is out of order", "state/dialog_table.c",
     "	return below < DIALOG_WINDOW && !(seen->closed >> below & 1) &&",
     "	return true || (below < DIALOG_WINDOW && !(seen->closed >> below & 1)) ||"),
    ("both directions of a dialog count together", "proxy/dialog.c",
     "	return name->from_is_low == caller_is_low ? DIALOG_CALLER : DIALOG_CALLEE;",
     "	return name->from_is_low == caller_is_low ? DIALOG_CALLER : DIALOG_CALLER;"),
    ("dialogs do not end with BYE", "proxy/dialog.c",
     "	dialog->flags |= DIALOG_ENDED;\n"
     "	count(&stats_of(call, dialog->service)->ended, 1);\n",
     "	count(&stats_of(call, dialog->service)->ended, 1);\n"),
    ("a call belongs to the target asked first", "proxy/client.c",
     "	branch->target = (uint16_t)(target->slot + 1);\n",
     "	branch->target = txn->target ? txn->target : (uint16_t)(target->slot + 1);\n"),
    ("a call is nobody's any more when it is renewed", "proxy/dialog.c",
     "	dialog->flags |= DIALOG_INVITE_SEEN;\n",
     "	if (dialog->flags & DIALOG_INVITE_SEEN)\n"
     "		live_end(call->proxy, dialog);\n"
     "	dialog->flags |= DIALOG_INVITE_SEEN;\n"),
    ("strays are dropped whatever the operator wishes", "proxy/stray.c",
     "if (is_own || !snapshot->forward_strays)",
     "if (true)"),
    ("strays are passed on whatever the operator wishes", "proxy/stray.c",
     "if (is_own || !snapshot->forward_strays)",
     "if (is_own)"),
    ("strays of our own are passed on", "proxy/stray.c",
     "if (is_own || !snapshot->forward_strays)",
     "if (!snapshot->forward_strays)"),
    ("a stray 100 is passed on", "proxy/stray.c",
     "	if (msg->status == 100)\n"
     "		return REASON_TRYING;\n",
     ""),
    ("a stray 408 to a non-INVITE is passed on", "proxy/stray.c",
     "	if (msg->method != SIP_METHOD_INVITE && msg->status == 408)\n"
     "		return REASON_NON_INVITE_TIMEOUT;\n",
     ""),
    ("the answer to a lost CANCEL is passed on", "proxy/stray.c",
     "	if (msg->method == SIP_METHOD_CANCEL)\n"
     "		return REASON_CANCEL_RESPONSE;\n",
     ""),
    ("strays are passed on for ever", "proxy/stray.c",
     "		if (!is_in_time(call, msg, hint))\n"
     "			return verdict_of(VERDICT_DROP, REASON_STRAY_LATE);\n",
     ""),
]
