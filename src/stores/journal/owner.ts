import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/*
 * Who owns a journal: a process, by its number, the time at which it started, and where numbers of processes
 * mean the same (this machine since it was started, and its container).
 */

/**
 * Whether the owner of a journal still runs; undefined if that cannot be told from here, because it ran on
 * another machine or in another container.
 */
export function isRunning(owner: string): boolean | undefined {
  const [pid, start, where] = owner.split('.');
  if (where !== PLACE) return undefined;
  const present = startOf(Number(pid));
  if (present !== undefined) return String(present) === start;
  if (process.platform === 'linux') return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process started, in ticks since the machine did: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name of the program, which may have spaces, is in parentheses; the start is the 20th field after it.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function read(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8'));
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

const BOOT = read('/proc/sys/kernel/random/boot_id') ?? '';
const NAMESPACE = attempt(() => readlinkSync('/proc/self/ns/pid')) ?? '';
const PLACE = createHash('sha256').update(`${hostname()}\n${BOOT}\n${NAMESPACE}`).digest('hex').slice(0, 16);

/** This process as the owner of a journal. */
export const OWN_OWNER = `${process.pid}.${startOf(process.pid) ?? 0}.${PLACE}`;
