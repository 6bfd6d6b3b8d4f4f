// SPDX-License-Identifier: GPL-2.0-only
#include <json-c/json.h>

#include "daemon/topology.h"
#include "tests/sim/report-memory.h"
#include "tests/sim/trace.h"
#include "tests/sim/workload.h"

enum {
	PID_CPUS = 1,
	PID_DOMAINS
};

struct cpu_track {
	struct task_struct *running;
	u64 since_ns;
};

struct domain_track {
	u32 nr_waiting;
	u64 weight;
};

struct sim_trace {
	FILE *to;
	u32 nr_cpus, nr_domains;
	struct cpu_track *cpus;
	struct domain_track *domains;
	u64 nr_flows;
};

/* --- JSON. -------------------------------------------------------------------------------------- */

static void put_string(const struct sim_trace *t, const char *text)
{
	struct json_object *o = json_object_new_string(text);

	fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), t->to);
	json_object_put(o);
}

static void put_time(const struct sim_trace *t, const char *key, u64 ns)
{
	fprintf(t->to, ",\"%s\":%llu.%03llu", key, ns / 1000, ns % 1000);
}

/* The begin of an event, of a thread at a time; the caller ends it by "}". */
static void begin(const struct sim_trace *t, char phase, u32 pid, s64 tid, u64 at_ns)
{
	fprintf(t->to, ",\n{\"ph\":\"%c\",\"pid\":%u,\"tid\":%lld", phase, pid, tid);
	put_time(t, "ts", at_ns);
}

static void put_name(const struct sim_trace *t, const char *name)
{
	fputs(",\"name\":", t->to);
	put_string(t, name);
}

static void name_process(const struct sim_trace *t, u32 pid, const char *name, const char *before)
{
	fprintf(t->to,
		"%s{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}",
		before, pid, name);
}

static void name_cpu(const struct sim_trace *t, u32 cpu, u32 domain)
{
	fprintf(t->to,
		",\n{\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"name\":\"thread_name\","
		"\"args\":{\"name\":\"CPU %u (D%u)\"}}",
		PID_CPUS, cpu, cpu, domain);
}

/* --- Begin and end. ----------------------------------------------------------------------------- */

struct sim_trace *sim_trace_new(FILE *to, const struct topology *topology)
{
	struct sim_trace *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->to = to;
	t->nr_cpus = topology->nr_cpu_ids;
	t->nr_domains = topology->nr_domains;
	t->cpus = sim_grow(NULL, t->nr_cpus, sizeof(*t->cpus));
	t->domains = sim_grow(NULL, t->nr_domains, sizeof(*t->domains));
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", to);
	name_process(t, PID_CPUS, "CPUs", "");
	name_process(t, PID_DOMAINS, "domains", ",\n");
	for (u32 cpu = 0; cpu < t->nr_cpus; cpu++) {
		t->cpus[cpu] = (struct cpu_track){ 0 };
		if (topology->cpus[cpu].domain != WD40_NO_DOMAIN)
			name_cpu(t, cpu, topology->cpus[cpu].domain);
	}
	for (u32 d = 0; d < t->nr_domains; d++)
		t->domains[d] = (struct domain_track){ .nr_waiting = ~0u };
	return t;
}

static void end_slice(struct sim_trace *t, s32 cpu)
{
	struct cpu_track *track = &t->cpus[cpu];

	if (!track->running)
		return;
	begin(t, 'X', PID_CPUS, cpu, track->since_ns);
	put_time(t, "dur", native.now_ns - track->since_ns);
	put_name(t, sim_task_name(track->running));
	fprintf(t->to, ",\"args\":{\"pid\":%d,\"weight\":%u}}", track->running->pid,
		track->running->scx.weight);
	track->running = NULL;
}

struct sim_trace *sim_trace_free(struct sim_trace *t)
{
	if (!t)
		return NULL;
	for (u32 cpu = 0; cpu < t->nr_cpus; cpu++)
		end_slice(t, (s32)cpu);
	fputs("\n]}\n", t->to);
	free(t->cpus);
	free(t->domains);
	free(t);
	return NULL;
}

/* --- Events. ------------------------------------------------------------------------------------ */

static void put_instant(const struct sim_trace *t, const char *name, const struct native_event *e,
			const char *scope)
{
	begin(t, 'i', PID_CPUS, e->cpu, native.now_ns);
	put_name(t, name);
	fprintf(t->to, ",\"s\":\"%s\",\"args\":{\"value\":%llu", scope, e->value);
	if (e->p)
		fprintf(t->to, ",\"pid\":%d", e->p->pid);
	fputs("}}", t->to);
}

static void begin_slice(struct sim_trace *t, const struct native_event *e)
{
	t->cpus[e->cpu] = (struct cpu_track){ .running = e->p, .since_ns = native.now_ns };
}

static void put_flow(struct sim_trace *t, char phase, s32 cpu, u64 at_ns)
{
	begin(t, phase, PID_CPUS, cpu, at_ns);
	fprintf(t->to, ",\"cat\":\"wakeup\",\"name\":\"wakeup\",\"id\":%llu%s}", t->nr_flows,
		phase == 'f' ? ",\"bp\":\"e\"" : "");
}

void sim_trace_arrow(struct sim_trace *t, s32 from_cpu, u64 from_ns, s32 to_cpu)
{
	put_flow(t, 's', from_cpu, from_ns);
	put_flow(t, 'f', to_cpu, native.now_ns);
	t->nr_flows++;
}

void sim_trace_event(struct sim_trace *t, const struct native_event *e)
{
	switch (e->kind) {
	case NATIVE_EVENT_RUN: begin_slice(t, e); break;
	case NATIVE_EVENT_STOP: end_slice(t, e->cpu); break;
	case NATIVE_EVENT_OCCUPY: put_instant(t, "taken", e, "t"); break;
	case NATIVE_EVENT_KICK: put_instant(t, "kick", e, "t"); break;
	case NATIVE_EVENT_ONLINE: put_instant(t, e->value ? "online" : "offline", e, "p"); break;
	case NATIVE_EVENT_STALL: put_instant(t, "stall", e, "g"); break;
	case NATIVE_EVENT_ERROR: put_instant(t, "error", e, "g"); break;
	default: break;
	}
}

void sim_trace_domain(struct sim_trace *t, u32 domain, u32 nr_waiting, u64 weight)
{
	struct domain_track *track = &t->domains[domain];

	if (track->nr_waiting == nr_waiting && track->weight == weight)
		return;
	*track = (struct domain_track){ nr_waiting, weight };
	begin(t, 'C', PID_DOMAINS, domain, native.now_ns);
	fprintf(t->to, ",\"name\":\"D%u waiting\",\"args\":{\"tasks\":%u}}", domain, nr_waiting);
	begin(t, 'C', PID_DOMAINS, domain, native.now_ns);
	fprintf(t->to, ",\"name\":\"D%u load\",\"args\":{\"load\":%.2f}}", domain,
		(double)weight / WD40_BASE_WEIGHT);
}
