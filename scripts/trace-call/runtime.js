// Counts the functions that are entered, in an instrumented build: each begins with a call of `enter`.
import { fileURLToPath } from 'node:url';

const BUILD = new URL('.', import.meta.url).href;

/** What is recorded at present, if anything is: of each entry the function, and where it was called from. */
let entries;

/** Called at the entry of every function, with its number. */
export function enter(id) {
  if (entries !== undefined) entries.push({ id, caller: callerOf() });
}

/** The application starts and ends the recording. */
globalThis[Symbol.for('trace-call')] = {
  start: () => {
    entries = [];
  },
  stop: () => {
    const recorded = entries;
    entries = undefined;
    return recorded;
  },
};

/** The nearest function of the build that called the one entered, across awaits. */
function callerOf() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = 200;
  Error.prepareStackTrace = (_, sites) => sites;
  // The first three are this function, `enter` and the function entered.
  const sites = new Error().stack.slice(3);
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  const site = sites.find((one) => one.getFileName()?.startsWith(BUILD));
  if (site === undefined) return undefined;
  const file = fileURLToPath(site.getFileName()).slice(fileURLToPath(BUILD).length);
  return { file, line: site.getLineNumber(), column: site.getColumnNumber() };
}
