// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/arena.bpf.h"
#include "bpf/report.bpf.h"
#include "bpf/steal.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WD40_PAGE_SIZE);
} events SEC(".maps");

__hidden void report_machine(struct policy policy)
{
	u64 now = kernel_now();

	kernel_dump("wd40: config generation %llu, tuner round %llu", policy.config->generation,
		    policy.tune->round);
	kernel_dump("wd40: %u tasks in %u chunks, %u domains, %u without a CPU",
		    shared.tasks.nr_used, shared.tasks.nr_chunks, shared.nr_domains,
		    shared.nr_orphaned);
	for (u32 d = 0; d < shared.nr_domains && can_loop; d++) {
		struct wd40_domain __arena *dom = &shared.domains[d];

		kernel_dump("wd40: domain %u: node %u, %u tasks, rate %llu, queued %u", d,
			    dom->node_id, dom->nr_tasks, dom->load_rate,
			    queue_length(d, policy.config));
		kernel_dump("wd40: domain %u: %u CPUs online, served %lld us ago", d,
			    dom->nr_online, (s64)(now - dom->attended_at) / 1000);
		kernel_dump("wd40: domain %u: min_vtime %llu, longest wait %llu us, slice %llu us",
			    d, dom->min_vtime, dom->max_wait_ns / 1000,
			    policy_slice_ns(policy, d) / 1000);
	}
}

__hidden void report_cpu(s32 cpu)
{
	struct wd40_cpu __arena *c;

	if (domain_of_cpu(cpu) == WD40_NO_DOMAIN)
		return;
	c = &shared.cpus[cpu];
	kernel_dump("wd40: domain %u, busy %llu us, own %llu, stolen %llu", c->domain,
		    c->busy_ns / 1000, c->counters[WD40_CTR_DISPATCH_OWN],
		    c->counters[WD40_CTR_STEAL_NODE] + c->counters[WD40_CTR_STEAL_FAR]);
	kernel_dump("wd40: online %u, asked %u, attends %u, called to domain %d", c->online,
		    c->asked, c->attends, (s32)c->called_to);
}

__hidden void report_task(const struct wd40_task __arena *t)
{
	u64 now = kernel_now();

	kernel_dump("wd40: slot %u/%u, domain %u, weight %u, request %lld us, waits for %llu us",
		    t->index, t->slot.generation, t->domain, t->weight,
		    (s64)(t->deadline - t->vtime) / 1000,
		    t->queued_at ? (now - t->queued_at) / 1000 : 0);
}

__hidden void report_end(const struct scx_exit_info *info)
{
	u64 dump = (u64)BPF_CORE_READ(info, dump);
	struct wd40_exit_event *event;

	if (dump)
		shared.exit_dump = (const char __arena *)arena_copy_text(dump);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return;
	event->kind = BPF_CORE_READ(info, kind);
	event->pad = 0;
	event->code = bpf_core_field_exists(info->exit_code) ? BPF_CORE_READ(info, exit_code) : 0;
	bpf_probe_read_kernel_str(event->reason, sizeof(event->reason),
				  BPF_CORE_READ(info, reason));
	bpf_probe_read_kernel_str(event->message, sizeof(event->message), BPF_CORE_READ(info, msg));
	bpf_ringbuf_submit(event, 0);
}
