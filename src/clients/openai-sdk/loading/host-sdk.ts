import { processState } from '../../../util/index.ts';
import { textOfSource } from './sdk-source.ts';

/** Key of the global function that the line of {@link sourceWithNote} calls. */
export const NOTE_KEY = 'otel-token-budget.note-module';

/** A package with an OpenTelemetry SDK: the path of a file of it. */
const SDK_FILE = /(@opentelemetry[\\/]sdk-(?:node|trace(?:-base|-node)?)|@vercel[\\/]otel)[\\/]/;

/** Receives the name of a package with an OpenTelemetry SDK. */
export type HostSdkListener = (name: string) => void;

/** Shared by all copies of this package, of which the first hooks the loading of modules. */
const shared = processState('host-sdk', () => ({
  names: new Set<string>(),
  listeners: new Set<HostSdkListener>(),
  isOurs: false,
}));

/**
 * Notes that a module is loaded. If it is part of an OpenTelemetry SDK, the application is likely to register a tracer
 * provider. Cheap, since it is called for every module.
 * @param location a URL or a path
 */
export function noteModule(location: string): void {
  if (shared.isOurs) return;
  const name = SDK_FILE.exec(location)?.[1]?.replace('\\', '/');
  if (name === undefined || shared.names.has(name)) return;
  shared.names.add(name);
  for (const listener of shared.listeners) listener(name);
}

/**
 * Returns the source of an ES module of an OpenTelemetry SDK with a last line that notes it, for a loader in a thread of
 * its own; undefined for any other module.
 */
export function sourceWithNote(url: string, source: unknown): string | undefined {
  const text = SDK_FILE.test(url) ? textOfSource(source) : undefined;
  return text === undefined
    ? undefined
    : `${text}\n;globalThis[Symbol.for('${NOTE_KEY}')]?.(${JSON.stringify(url)});\n`;
}

/** Returns the packages with an OpenTelemetry SDK that the application has loaded so far. */
export function loadedHostSdks(): readonly string[] {
  return [...shared.names];
}

/** Calls a listener with each package with an OpenTelemetry SDK that the application loads from now on. */
export function onHostSdk(listener: HostSdkListener): void {
  shared.listeners.add(listener);
}

/** Runs code that loads the SDK of this package, which is not the application's. */
export function whileLoadingOwnSdk<T>(run: () => T): T {
  const before = shared.isOurs;
  shared.isOurs = true;
  try {
    return run();
  } finally {
    shared.isOurs = before;
  }
}
