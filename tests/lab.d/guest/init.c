/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The first process of a lab guest, in its initramfs: loads the modules that the shared folders need, puts the root
 * together and goes on in it.
 *
 * Root is an overlay: the guest's own files, over what the project installed, over the kernel's modules, over the Debian
 * tree. What is written stays in memory. Everything that any guest wants mounted is mounted here. In C because under
 * emulation starting a program costs a tenth of a second, and a shell script would start some thirty.
 *
 * With LAB_BOOT=minimal on the kernel's command line it stays process 1 and runs the command itself; else systemd follows.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NINEP "trans=virtio,version=9p2000.L,"

struct mount_row {
	const char *type;
	const char *source;
	const char *target;
	unsigned long flags;
	const char *options;
};

struct link_row {
	const char *to;
	const char *name;
};

/* In this order. The initramfs and the root's own folders hold the mount points, but for those below another mount. */
static const struct mount_row mounts[] = {
	{ "devtmpfs", "dev", "/dev", 0, "mode=755" },
	{ "erofs", "/dev/vda", "/tree", MS_RDONLY, NULL },
	{ "9p", "lab-ro", "/ro", MS_RDONLY, NINEP "msize=512000,cache=loose" },
	{ "9p", "lab-rw", "/rw", 0, NINEP "msize=131072,cache=none" },
	{ "overlay", "root", "/root", 0,
	  "lowerdir=/ro/stage:/ro/kernel:/tree,upperdir=/upper/files,workdir=/upper/work" },
	{ NULL, "/ro/src", "/root/lab/src", MS_BIND, NULL },
	{ NULL, "/ro/build", "/root/lab/build", MS_BIND, NULL },
	{ NULL, "/rw/share", "/root/lab/share", MS_BIND, NULL },
	{ NULL, "/rw/control", "/root/lab/control", MS_BIND, NULL },
	{ "proc", "proc", "/root/proc", 0, NULL },
	{ "sysfs", "sys", "/root/sys", 0, NULL },
	{ "cgroup2", "cgroup2", "/root/sys/fs/cgroup", 0, "nsdelegate,memory_recursiveprot" },
	{ "bpf", "bpf", "/root/sys/fs/bpf", 0, "mode=700" },
	{ "debugfs", "debugfs", "/root/sys/kernel/debug", 0, NULL },
	{ "tracefs", "tracefs", "/root/sys/kernel/tracing", 0, NULL },
	{ "tmpfs", "run", "/root/run", 0, "mode=755" },
	{ "tmpfs", "tmp", "/root/tmp", 0, "mode=1777" },
	{ "devtmpfs", "dev", "/root/dev", 0, "mode=755" },
	{ "devpts", "devpts", "/root/dev/pts", 0, "gid=5,mode=620,ptmxmode=666" },
	{ "tmpfs", "shm", "/root/dev/shm", 0, "mode=1777" },
};

static const struct link_row links[] = {
	{ "/proc/self/fd", "/root/dev/fd" },
	{ "fd/0", "/root/dev/stdin" },
	{ "fd/1", "/root/dev/stdout" },
	{ "fd/2", "/root/dev/stderr" },
};

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Their names begin with a number that says the order. */
static void load_modules(void)
{
	struct dirent **modules;
	int n;

	if (chdir("/modules") < 0)
		err(1, "/modules");
	n = scandir(".", &modules, is_file, alphasort);
	for (int i = 0; i < n; i++) {
		int fd = open(modules[i]->d_name, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
			err(1, "loading %s", modules[i]->d_name);
		close(fd);
	}
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		const struct mount_row *row = &mounts[i];

		if (mkdir(row->target, 0755) < 0 && errno != EEXIST)
			err(1, "making %s", row->target);
		if (mount(row->source, row->target, row->type, row->flags, row->options) < 0)
			err(1, "mounting %s", row->target);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlink(links[i].to, links[i].name) < 0 && errno != EEXIST)
			err(1, "making %s", links[i].name);
	}
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		warn("starting lo");
	close(fd);
}

static void go_on_in_root(void)
{
	if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		err(1, "changing to the root");
}

/* Run the command, which switches the machine off at its end, and reap what it leaves behind meanwhile. */
static void run_command(void)
{
	static const char runner[] = "/lab/control/run-command";
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		execl(runner, runner, NULL);
		err(1, "%s", runner);
	}
	while (waitpid(-1, NULL, 0) != pid)
		;
	errx(1, "%s came back", runner);
}

int main(void)
{
	const char *boot = getenv("LAB_BOOT");

	load_modules();
	mount_all();
	loopback_up();
	go_on_in_root();
	if (boot && strcmp(boot, "minimal") == 0)
		run_command();
	execl("/sbin/init", "/sbin/init", NULL);
	err(1, "/sbin/init");
}
