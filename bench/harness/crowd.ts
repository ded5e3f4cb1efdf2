import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ROOT } from './processes.ts';

/**
 * Starts many processes of one program, lets them begin together once all are ready, and gives what each printed. A program says
 * `ready`, waits for a line, and prints one line of JSON.
 *
 * @param begin done once all are ready
 */
export async function runCrowd<T>(
  program: string,
  args: readonly string[],
  count: number,
  begin: () => Promise<void>,
): Promise<T[]> {
  const members = Array.from({ length: count }, () => startMember(program, args));
  try {
    await Promise.all(members.map(({ ready }) => ready));
    await begin();
    for (const { child } of members) child.stdin.write('go\n');
    return (await Promise.all(members.map(({ result }) => result))).map((line) => JSON.parse(line) as T);
  } finally {
    for (const { child } of members) if (child.exitCode === null) child.kill('SIGKILL');
  }
}

interface Member {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ready: Promise<void>;
  readonly result: Promise<string>;
}

function startMember(program: string, args: readonly string[]): Member {
  const child = spawn(program, args, { cwd: ROOT, env: { PATH: process.env['PATH'] ?? '' } });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const lines: string[] = [];
  let tellReady = (): void => undefined;
  const said = new Promise<void>((resolve) => {
    tellReady = resolve;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') tellReady();
    else lines.push(line);
  });
  const ended = once(child, 'close').then(([code]) => {
    const [line] = lines;
    if (code !== 0 || line === undefined) throw new Error(`${program} ended with ${code}:\n${errors}`);
    return line;
  });
  // A process that ends before it is ready fails both.
  const ready = Promise.race([said, ended.then(() => undefined)]);
  ended.catch(() => undefined);
  return { child, ready, result: ended };
}
