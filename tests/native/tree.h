/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks by virtual time: a treap, whose shape follows from the order of insertions alone. The key is
 * native.order.vtime, compared as the kernel does (it may wrap around), then native.order.seq, so of
 * equals the first goes first.
 */
#pragma once

#include "bpf/kernel.bpf.h"

/* All O(log n). p's key must not change while it is in a tree. */
void native_tree_insert(struct task_struct **root, struct task_struct *p);
void native_tree_remove(struct task_struct **root, struct task_struct *p);

/* The last task before p, which is not in the tree; NULL: p would be the first. */
struct task_struct *native_tree_before(struct task_struct *root, const struct task_struct *p);
