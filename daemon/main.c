/* SPDX-License-Identifier: GPL-2.0-only */
/* Starts the daemon: options, configuration, signals, service manager, bus. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "daemon/domains-judge.h"
#include "daemon/exit-codes.h"
#include "daemon/loop.h"
#include "daemon/manager.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "dbus/bus.h"
#include "dbus/introspect.h"
#include "dbus/stats-socket.h"
#include "util/environment.h"
#include "util/log.h"

/* Ready is also said without the bus, when it takes longer than this to be had. */
#define BUS_PATIENCE_USEC 5000000ull

struct service {
	struct loop *loop;
	struct manager *manager;
	struct bus *bus;
	struct stats_socket *stats_socket;
	struct loop_source *signals, *watchdog_timer, *patience_timer;
	bool bus_settled, ready;
	int err; /* behind the exit code, 0 = none that is known */
};

static void tell_status(const struct service *s)
{
	const struct topology *t = manager_topology(s->manager);
	char size[TOPOLOGY_SIZE_MAX];

	if (manager_get_state(s->manager) != STATE_ATTACHED) {
		notify_status("%s%s%s", manager_state_name(manager_get_state(s->manager)),
			      *manager_reason(s->manager) ? ": " : "", manager_reason(s->manager));
		return;
	}
	notify_status("attached: %s; slice %g ms, %g ms when full", topology_format_size(t, size),
		      manager_value(s->manager, TUNABLE_SLICE_UNDERUTIL).usec / 1000.0,
		      manager_value(s->manager, TUNABLE_SLICE_OVERUTIL).usec / 1000.0);
}

/* Ready means: it schedules, and clients can reach it. */
static void check_ready(struct service *s)
{
	enum manager_state state = manager_get_state(s->manager);

	if (s->ready)
		return;
	if (state == STATE_FAILED || state == STATE_DETACHED) {
		loop_exit(s->loop, EXIT_CODE_INTERNAL);
	} else if (state == STATE_ATTACHED && s->bus_settled) {
		s->ready = true;
		notify_ready();
	}
}

static void on_state_changed(void *userdata)
{
	struct service *s = userdata;

	tell_status(s);
	bus_state_changed(s->bus);
	check_ready(s);
}

static void on_tunables_changed(const struct tunables_change *change, void *userdata)
{
	struct service *s = userdata;

	tell_status(s);
	bus_tunables_changed(s->bus, change);
}

static void on_tunables_reverted(uint64_t generation, enum revert_cause cause, void *userdata)
{
	struct service *s = userdata;

	bus_tunables_reverted(s->bus, generation, cause);
}

static void on_scheduler_exited(const struct sched_exit *exit, bool will_restart, void *userdata)
{
	struct service *s = userdata;

	bus_scheduler_exited(s->bus, exit, will_restart);
}

static void on_bus_settled(void *userdata)
{
	struct service *s = userdata;

	s->bus_settled = true;
	check_ready(s);
}

static int on_patience_over(struct loop_source *source, void *userdata)
{
	on_bus_settled(userdata);
	return 0;
}

static int on_watchdog_due(struct loop_source *source, void *userdata)
{
	notify_watchdog_ping();
	return 0;
}

static void reload(struct service *s)
{
	int r;

	if (s->ready)
		notify_reloading();
	r = manager_reload_now(s->manager);
	if (r < 0)
		log_errno(LOG_ERR, r, "cannot reload, everything stays as it is");
	else
		log_info("reloaded, %d problem%s", r, r == 1 ? "" : "s");
	if (s->ready)
		notify_ready();
}

static int on_signal(struct loop_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct service *s = userdata;

	if (si->ssi_signo == SIGHUP) {
		reload(s);
		return 0;
	}
	log_info("stopping on %s", strsignal(si->ssi_signo));
	loop_exit(s->loop, EXIT_SUCCESS);
	return 0;
}

static int add_signals(struct service *s)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	return loop_add_signals(s->loop, &mask, on_signal, s, &s->signals);
}

static int add_timers(struct service *s)
{
	uint64_t period = notify_watchdog_period_usec();
	int r;

	r = loop_add_timer(s->loop, "bus-patience", on_patience_over, s, &s->patience_timer);
	if (r < 0 || !period)
		return r;
	r = loop_add_timer(s->loop, "watchdog", on_watchdog_due, s, &s->watchdog_timer);
	return r < 0 ? r : loop_set_timer(s->watchdog_timer, period, period);
}

static enum exit_code exit_code_of_attach(int err)
{
	switch (err) {
	case -EPERM: return EXIT_CODE_NOT_PERMITTED;
	case -EBUSY: return EXIT_CODE_TEMPORARY;
	case -EDOM: return EXIT_CODE_CONFIG;
	case -EOPNOTSUPP:
	case -ENOENT:
	case -E2BIG: return EXIT_CODE_UNAVAILABLE;
	default: return EXIT_CODE_INTERNAL;
	}
}

static int service_init(struct service *s, struct config *config, const char *root)
{
	const struct manager_listener listener = {
		.state_changed = on_state_changed,
		.tunables_changed = on_tunables_changed,
		.tunables_reverted = on_tunables_reverted,
		.scheduler_exited = on_scheduler_exited,
		.userdata = s,
	};
	int r;

	r = loop_new(&s->loop);
	if (r >= 0)
		r = add_signals(s);
	if (r >= 0)
		r = add_timers(s);
	if (r >= 0)
		r = manager_new(s->loop, config, root, &s->manager);
	if (r >= 0)
		manager_set_listener(s->manager, &listener);
	return r;
}

/* Runs until a signal. Returns an exit code, or the negative errno of what cannot go wrong. */
static int service_run(struct service *s, const struct options *options)
{
	int r;

	notify_status("attaching");
	r = manager_start(s->manager);
	if (r < 0) {
		s->err = r;
		return exit_code_of_attach(r);
	}
	r = bus_new(s->loop, s->manager, options->address, on_bus_settled, s, &s->bus);
	if (r >= 0)
		r = stats_socket_new(s->loop, s->manager, options->root, &s->stats_socket);
	if (r >= 0)
		r = loop_set_timer(s->patience_timer, BUS_PATIENCE_USEC, 0);
	if (r >= 0)
		r = loop_run(s->loop);
	notify_stopping();
	manager_stop(s->manager);
	return r;
}

static void service_done(struct service *s)
{
	stats_socket_free(s->stats_socket);
	bus_free(s->bus);
	manager_free(s->manager);
	loop_free(s->loop);
}

static int run(struct config *config, const struct options *options)
{
	struct service s = { 0 };
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = service_init(&s, config, options->root);
	if (r >= 0)
		r = service_run(&s, options);
	if (r < 0) {
		s.err = log_errno(LOG_ERR, r, "cannot go on");
		r = EXIT_CODE_INTERNAL;
	}
	if (r != EXIT_CODE_OK)
		notify_failure(s.manager ? manager_reason(s.manager) : "", s.err, r);
	service_done(&s);
	return r;
}

/* A bad file is a warning and keeps what is below it; a bad command line is an error. */
static int load_and_run(struct config *config, const struct options *options)
{
	struct config_problem problem;
	int r;

	r = config_load(config, manager_log_problem, NULL);
	if (r < 0) {
		log_errno(LOG_ERR, r, "cannot load the configuration");
		return EXIT_CODE_INTERNAL;
	}
	r = config_check(config, &problem);
	if (r < 0)
		return options_print_refusal(problem.message, stderr);
	return run(config, options);
}

static int probe(void)
{
	struct sched_requirement reqs[SCHED_REQUIREMENTS_MAX];
	int n = sched_backend.probe(reqs, SCHED_REQUIREMENTS_MAX), code = EXIT_CODE_OK;

	if (n < 0) {
		log_errno(LOG_ERR, n, "cannot examine this machine");
		return EXIT_CODE_INTERNAL;
	}
	for (int i = 0; i < n; i++) {
		const char *verdict = reqs[i].met        ? "ok"
				      : reqs[i].required ? "MISSING"
							 : "optional";

		printf("%-8s  %s: %s\n", verdict, reqs[i].name, reqs[i].detail);
		if (reqs[i].required && !reqs[i].met)
			code = EXIT_CODE_UNAVAILABLE;
	}
	return code;
}

static int print_introspection(void)
{
	int r = introspect_print(stdout);

	if (r < 0)
		log_errno(LOG_ERR, r, "cannot make the introspection data");
	return r < 0 ? EXIT_CODE_INTERNAL : EXIT_CODE_OK;
}

static int act(const struct options *options, struct config *config)
{
	switch (options->action) {
	case ACTION_CHECK: return options_check(config, stdout);
	case ACTION_PROBE: return probe();
	case ACTION_BUS_INTROSPECT: return print_introspection();
	case ACTION_HELP: options_print_help(stdout); return EXIT_CODE_OK;
	case ACTION_VERSION: options_print_version(stdout); return EXIT_CODE_OK;
	default: return load_and_run(config, options);
	}
}

/*
 * A bus brings messages of up to 32 MiB from anybody. Once it has freed such a block glibc would take the
 * next ones from its heap, and keep as much of that for good; with a fixed threshold it gives them back.
 */
#define MMAP_THRESHOLD_BYTES (128 << 10)

int main(int argc, char **argv)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct options options;
	char why[OPTIONS_WHY_MAX];
	int r;

	environment_forget();
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
	r = config_new("", &config);
	if (r >= 0)
		r = options_parse(argc, argv, config, &options, why);
	if (r == -EINVAL)
		return options_print_refusal(why, stderr);
	if (r < 0) {
		log_errno(LOG_ERR, r, "cannot start");
		return EXIT_CODE_INTERNAL;
	}
	/* Domains that this machine cannot have are refused when they are read, not when it attaches. */
	config_set_judge(config, domains_judge, (void *)options.root);
	if (options.verbose)
		log_set_level(LOG_DEBUG);
	return act(&options, config);
}
