import { describeNodeProblem } from './node-version.ts';

/** The exit code of a set-up with which this package cannot run: EX_CONFIG of sysexits.h. */
export const EX_CONFIG = 78;

/**
 * Ends the process with one line on stderr where this package cannot run: a later error would be one of a module that
 * is missing there.
 * @param range the supported releases of Node, from package.json
 */
export function exitIfUnsupported(range: string): void {
  const problem = describeNodeProblem(process.versions, range);
  if (problem === undefined) return;
  process.stderr.write(`otel-token-budget: ${problem}\n`);
  process.exit(EX_CONFIG);
}
