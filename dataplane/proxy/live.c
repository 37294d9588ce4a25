/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many calls a target has: dialogs whose INVITE it answered, from the 2xx on until a BYE is
 * answered, or the dialog's session timer or age ends it.  Each counted dialog knows its target and
 * is taken off once, when it ends or goes: a BYE that is lost delays that, nothing prevents it.
 *
 * What is not kept is not counted: calls of services without Record-Route, whose BYE does not come
 * by; those for which there was no room; and those that an earlier process began.  The first two
 * show in `calls_uncounted`.
 */
#include "proxy/dialog.h"

void live_begin(struct call *call, struct dialog *dialog, uint16_t target,
		const struct txn *branch)
{
	struct proxy *proxy = call->proxy;

	if (branch && target)
		proxy->statuses[target] = branch->status;
	if (!proxy->statuses[target])
		return;
	dialog->target = target;
	__atomic_fetch_add(&proxy->statuses[target]->calls, 1, __ATOMIC_RELAXED);
	proxy->stats.calls++;
}

void live_end(struct proxy *proxy, struct dialog *dialog)
{
	if (!dialog->target)
		return;
	__atomic_fetch_sub(&proxy->statuses[dialog->target]->calls, 1, __ATOMIC_RELAXED);
	dialog->target = 0;
	proxy->stats.calls--;
}

void live_uncounted(struct call *call, const struct txn *branch)
{
	struct proxy *proxy = call->proxy;

	if (!branch || !branch->target)
		return;
	const struct txn *txn = branch->flags & TXN_IS_BRANCH ?
					slot_pool_at(&proxy->txns, branch->parent) :
					branch;
	if (txn_is_undecided(txn)) /* its first 2xx */
		proxy->stats.calls_uncounted++;
}

const char *live_check(const struct proxy *proxy)
{
	uint64_t counted = 0;

	for (uint32_t i = 0; proxy->dialogs && i < dialog_table_capacity(proxy->dialogs); i++) {
		const struct dialog *dialog = dialog_table_at(proxy->dialogs, i);
		if (!dialog || !dialog->target)
			continue;
		if (dialog->flags & DIALOG_ENDED)
			return "a call that is over and counts as live";
		counted++;
	}
	return counted == proxy->stats.calls ? NULL :
					       "other calls are counted as live than dialogs are";
}
