import { processState } from '../../../util/index.ts';

/** A file of a copy of the openai SDK, with the classes that it defines. */
export interface SdkFile {
  /** Relative to the package, without its extension: `client`, `realtime/ws`. */
  readonly name: string;
  /** Version of the SDK. */
  readonly version: string;
  /** Where it was loaded from. */
  readonly url: string;
  readonly classes: readonly SdkClass[];
}

/** A class of the SDK. */
export type SdkClass = (new (...args: never[]) => object) & { readonly prototype: object };

/** Receives each file of the SDK when it has been evaluated. */
export type SdkFileListener = (file: SdkFile) => void;

/** Shared by all copies of this package, of which the first hooks the loading of modules. */
const shared = processState('sdk-files', () => ({
  files: [] as SdkFile[],
  listeners: new Set<SdkFileListener>(),
}));

/**
 * Calls a listener for each file of the SDK that has been evaluated, and for each that will be, before the program
 * gets its classes.
 * @returns a function that removes the listener
 */
export function onSdkFile(listener: SdkFileListener): () => void {
  for (const file of shared.files) listener(file);
  shared.listeners.add(listener);
  return () => void shared.listeners.delete(listener);
}

/** Reports a file that has been evaluated to the listeners. Values that are not classes are left out. */
export function reportSdkFile({ classes, ...file }: Omit<SdkFile, 'classes'> & { classes: unknown[] }): void {
  const reported = { ...file, classes: classes.filter(isClass) };
  shared.files.push(reported);
  for (const listener of shared.listeners) listener(reported);
}

function isClass(value: unknown): value is SdkClass {
  return typeof value === 'function' && typeof value.prototype === 'object';
}
