import { describeNodeProblem, MANIFEST } from '../../util/index.ts';
import type { Environment } from '../store-option.ts';
import { type CommandRun, runForReports } from './command-run.ts';
import { type Finding, foundFailure, foundOk, foundSkipped, foundWarning } from './finding.ts';
import { judgeProcesses } from './process-findings.ts';

const CHECK = 'Command';

/** How a command is checked. */
export interface CommandCheckOptions {
  /** The environment of the command. */
  readonly env: Environment;
  /** How long the command may run, milliseconds. */
  readonly waitMs: number;
  /** Whether its settings are valid; otherwise each of its processes would end at once. */
  readonly hasSettings: boolean;
}

/** Starts a command of the user, and reports what the preload found in its processes. */
export async function checkCommand(
  command: readonly string[],
  { env, waitMs, hasSettings }: CommandCheckOptions,
): Promise<readonly Finding[]> {
  const text = command.join(' ');
  if (!hasSettings) return [foundSkipped(CHECK, `${text} was not started: correct the settings first`)];
  const run = await runForReports(command, env, waitMs);
  if (run.startError !== undefined) return [judgeStart(text, run.startError)];
  return [judgeEnd(text, run), ...judgePreload(text, run), ...judgeProcesses(run.reports)];
}

function judgeStart(text: string, { code, message }: NodeJS.ErrnoException): Finding {
  const reason = code === 'ENOENT' ? 'command not found' : message;
  return foundFailure(
    CHECK,
    `cannot run ${text}: ${reason}`,
    'give a command that can be run from this directory',
  );
}

function judgeEnd(text: string, { code, signal, durationMs, endedWith }: CommandRun): Finding {
  const seconds = `${(durationMs / 1_000).toFixed(1)} s`;
  if (endedWith === 'SIGKILL') {
    const fix = 'have the program end when it receives SIGTERM, or its last telemetry is lost';
    return foundWarning(CHECK, `${text} ignored SIGTERM, and was killed after ${seconds}`, fix);
  }
  if (endedWith === 'SIGTERM') return foundOk(CHECK, `${text} ran for ${seconds}, then doctor ended it`);
  if (code === 0) return foundOk(CHECK, `${text} ended after ${seconds}`);
  const how = signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`;
  return foundFailure(
    CHECK,
    `${text} ${how} after ${seconds}`,
    'see its output above, and run it without doctor',
  );
}

/** Which processes of the command loaded the preload. */
function judgePreload(text: string, { reports }: CommandRun): readonly Finding[] {
  const check = 'Preload';
  const first = reports[0];
  if (first === undefined) {
    const fix =
      'give the command that starts your program with Node: token-budget doctor -- node app.js. A container or a ' +
      'service that is already running does not inherit NODE_OPTIONS';
    return [
      foundFailure(check, `no process of ${text} loaded the preload: none runs Node with NODE_OPTIONS`, fix),
    ];
  }
  const places = reports.map(({ pid, threadId, program }) => {
    const thread = threadId === 0 ? '' : `, thread ${threadId}`;
    return `${program === '' ? 'node' : program} (pid ${pid}${thread})`;
  });
  const versions = [...new Set(reports.map(({ node }) => node))];
  const unsupported = versions.filter(
    (version) => describeNodeProblem({ node: version }, MANIFEST.engines.node) !== undefined,
  );
  return [
    foundOk(check, `loaded by Node ${versions.join(' and ')}: ${places.join(', ')}`),
    ...unsupported.map((version) =>
      foundFailure(check, `Node ${version} is not supported`, `install Node ${MANIFEST.engines.node}`),
    ),
  ];
}
