export type SealArch = 'x64' | 'arm64';

/** What a seccomp filter must know about one processor: numbers of the Linux system-call interface. */
export interface SyscallTable {
  /** AUDIT_ARCH_* of the kernel: a call made for another architecture kills the process. */
  readonly auditArch: number;
  /** Refused with EPERM, always. */
  readonly denied: Readonly<Record<string, number>>;
  /** Refused with EPERM once no other program has to be started any more. */
  readonly deniedAfterExec: Readonly<Record<string, number>>;
  readonly clone: number;
  readonly tgkill: number;
  readonly ioctl: number;
}

/** clone3 hides its flags behind a pointer; answered ENOSYS, so that libc uses clone, whose flags can be read. */
export const CLONE3 = 435;
/** mseal, the newest call reviewed for this table; later ones do not exist for a sealed process. */
export const NEWEST_REVIEWED = 462;
/** The x32 calls of an x86-64 kernel start here, under numbers that a list of x86-64 calls would miss. */
export const X32_BIT = 0x4000_0000;

/** Calls younger than 2018 have the same number everywhere. */
const SHARED_DENIED = {
  pidfd_send_signal: 424,
  io_uring_setup: 425,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_open: 434,
  pidfd_getfd: 438,
  process_madvise: 440,
  mount_setattr: 442,
  quotactl_fd: 443,
  process_mrelease: 448,
} as const;

const SHARED_AFTER_EXEC = { io_uring_enter: 426, io_uring_register: 427 } as const;

const X64: SyscallTable = {
  auditArch: 0xc000_003e,
  clone: 56,
  tgkill: 234,
  ioctl: 16,
  denied: {
    ...SHARED_DENIED,
    socket: 41,
    connect: 42,
    accept: 43,
    bind: 49,
    listen: 50,
    socketpair: 53,
    accept4: 288,
    fork: 57,
    vfork: 58,
    kill: 62,
    tkill: 200,
    rt_sigqueueinfo: 129,
    rt_tgsigqueueinfo: 297,
    ptrace: 101,
    process_vm_readv: 310,
    process_vm_writev: 311,
    kcmp: 312,
    bpf: 321,
    userfaultfd: 323,
    perf_event_open: 298,
    add_key: 248,
    request_key: 249,
    keyctl: 250,
    shmget: 29,
    shmat: 30,
    semget: 64,
    msgget: 68,
    mq_open: 240,
    unshare: 272,
    setns: 308,
    mount: 165,
    umount2: 166,
    pivot_root: 155,
    chroot: 161,
    name_to_handle_at: 303,
    open_by_handle_at: 304,
    fanotify_init: 300,
    init_module: 175,
    delete_module: 176,
    finit_module: 313,
    kexec_load: 246,
    kexec_file_load: 320,
    reboot: 169,
    swapon: 167,
    swapoff: 168,
    acct: 163,
    syslog: 103,
    quotactl: 179,
    iopl: 172,
    ioperm: 173,
    modify_ldt: 154,
    uselib: 134,
  },
  deniedAfterExec: { ...SHARED_AFTER_EXEC, execve: 59, execveat: 322 },
};

const ARM64: SyscallTable = {
  auditArch: 0xc000_00b7,
  clone: 220,
  tgkill: 131,
  ioctl: 29,
  denied: {
    ...SHARED_DENIED,
    socket: 198,
    socketpair: 199,
    bind: 200,
    listen: 201,
    accept: 202,
    connect: 203,
    accept4: 242,
    kill: 129,
    tkill: 130,
    rt_sigqueueinfo: 138,
    rt_tgsigqueueinfo: 240,
    ptrace: 117,
    process_vm_readv: 270,
    process_vm_writev: 271,
    kcmp: 272,
    bpf: 280,
    userfaultfd: 282,
    perf_event_open: 241,
    add_key: 217,
    request_key: 218,
    keyctl: 219,
    shmget: 194,
    shmat: 196,
    semget: 190,
    msgget: 186,
    mq_open: 180,
    unshare: 97,
    setns: 268,
    mount: 40,
    umount2: 39,
    pivot_root: 41,
    chroot: 51,
    name_to_handle_at: 264,
    open_by_handle_at: 265,
    fanotify_init: 262,
    init_module: 105,
    delete_module: 106,
    finit_module: 273,
    kexec_load: 104,
    kexec_file_load: 294,
    reboot: 142,
    swapon: 224,
    swapoff: 225,
    acct: 89,
    syslog: 116,
    quotactl: 60,
  },
  deniedAfterExec: { ...SHARED_AFTER_EXEC, execve: 221, execveat: 281 },
};

export const SYSCALLS: Readonly<Record<SealArch, SyscallTable>> = { x64: X64, arm64: ARM64 };
