/** Frames of the SDK and of the program: the SDK has three or four between them and us. */
const FRAMES = 10;

/** Where the program called the SDK. */
interface CallSite {
  readonly stack?: string;
}

/** Of the request whose `makeRequest` is called next, in the same turn. */
let latest: CallSite | undefined;

/**
 * Remembers where the program called the SDK, for the request that is made in this turn: the SDK's promises cut the
 * asynchronous stack, so that an error thrown later has frames of this package alone. The frames are only formatted
 * if the stack is read.
 * @param above the function below which frames are left out
 */
export function captureCallSite(above: (...args: never[]) => unknown): void {
  const site: CallSite = {};
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = FRAMES;
    Error.captureStackTrace(site, above);
    Error.stackTraceLimit = stackTraceLimit;
  } catch {
    // Where Error is frozen, the limit stays as it is.
  }
  latest = site;
}

/** Returns where the program made the request whose `makeRequest` was just called. */
export function takeCallSite(): CallSite | undefined {
  const site = latest;
  latest = undefined;
  return site;
}

/** Gives an error the stack of the program's call, in place of the frames of this package. */
export function atCallSite(error: unknown, site: CallSite | undefined): unknown {
  const frames = site?.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  if (!(error instanceof Error) || frames.length === 0) return error;
  error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
  return error;
}
