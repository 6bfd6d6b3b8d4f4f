/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/native/tree.h"

static bool before(const struct task_struct *a, const struct task_struct *b)
{
	const struct native_order *x = &a->native.order, *y = &b->native.order;

	return x->vtime != y->vtime ? (s64)(x->vtime - y->vtime) < 0 : x->seq < y->seq;
}

/* Mixes all bits of a number (Stafford's 13th variant), so that successive ones look random. */
static u32 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (u32)(x ^ x >> 31);
}

/* Splits a tree into what comes before p and what comes behind. */
static void split(struct task_struct *tree, const struct task_struct *p, struct task_struct **less,
		  struct task_struct **more)
{
	while (tree) {
		if (before(tree, p)) {
			*less = tree;
			less = &tree->native.order.right;
			tree = *less;
		} else {
			*more = tree;
			more = &tree->native.order.left;
			tree = *more;
		}
	}
	*less = *more = NULL;
}

void native_tree_insert(struct task_struct **root, struct task_struct *p)
{
	struct native_order *o = &p->native.order;

	o->rank = mix(o->seq);
	while (*root && (*root)->native.order.rank >= o->rank)
		root = before(p, *root) ? &(*root)->native.order.left
					: &(*root)->native.order.right;
	split(*root, p, &o->left, &o->right);
	*root = p;
}

/* Joins two trees, all of a before all of b, at *at. */
static void join(struct task_struct **at, struct task_struct *a, struct task_struct *b)
{
	while (a && b) {
		if (a->native.order.rank >= b->native.order.rank) {
			*at = a;
			at = &a->native.order.right;
			a = *at;
		} else {
			*at = b;
			at = &b->native.order.left;
			b = *at;
		}
	}
	*at = a ?: b;
}

void native_tree_remove(struct task_struct **root, struct task_struct *p)
{
	while (*root != p)
		root = before(p, *root) ? &(*root)->native.order.left
					: &(*root)->native.order.right;
	join(root, p->native.order.left, p->native.order.right);
}

struct task_struct *native_tree_before(struct task_struct *root, const struct task_struct *p)
{
	struct task_struct *last = NULL;

	while (root) {
		if (before(root, p)) {
			last = root;
			root = root->native.order.right;
		} else {
			root = root->native.order.left;
		}
	}
	return last;
}
