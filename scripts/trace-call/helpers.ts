import type { SourceFunction } from './build.ts';

/** Functions that a reader who follows a call does not step into. They are left out of the counts. */
export interface Helper {
  /** A folder of src whose functions they are. */
  readonly folder?: string;
  /** A file whose functions they are, by its name alone: folders may move. */
  readonly file?: string;
  /** A function, wherever it is. */
  readonly name?: string;
  readonly why: string;
}

/**
 * The helpers: the utilities, and functions that read, convert or add up a value. Getters are helpers too: they
 * read a field.
 */
export const HELPERS: readonly Helper[] = [
  { folder: 'util', why: 'Knows nothing of calls or budgets: collections, listeners, values, promises.' },
  {
    file: 'read-usage.ts',
    why: 'Reads and checks the kinds of tokens of a `usage` object, a field at a time.',
  },
  { file: 'token-usage.ts', why: 'Creates a usage from its kinds, or adds usages up.' },
  { file: 'tally.ts', why: 'Adds up the tokens of a request.' },
  { file: 'limits.ts', why: 'Reads limits as amounts, checks amounts and adds them up.' },
  { file: 'nano-usd.ts', why: 'Converts and formats money.' },
  { file: 'encodings.ts', why: 'Reads the family of a model from its name.' },
  { file: 'request-body.ts', why: 'Looks at the form of a body, and reads it.' },
  { file: 'request-path.ts', why: 'Looks at the form of a path, and reads it.' },
  { name: 'fileIdentity', why: 'Reads which file a path leads to, by the clock and not in every call.' },
  { name: 'isSameFile', why: 'Compares two of these.' },
  { name: 'sentCallOf', why: 'Reads a field of the options of a request.' },
  { name: 'lateCallOf', why: 'Reads a field of the options of a request.' },
  { name: 'passedOnOf', why: 'Reads a field of the options of a request.' },
  { name: 'isChanged', why: 'Reads two fields of the options of a request.' },
  { name: 'ownPrepareOptions', why: 'Finds a method of the SDK.' },
  { name: 'printExceeded', why: 'Listens for an event that few calls have.' },
  { name: 'canonical', why: 'Writes the body of a checkpoint, a function for each value in it.' },
  { name: 'isSdkStream', why: 'Checks the shape of a value.' },
  { name: 'isTokenPlan', why: 'Checks the kind of a plan.' },
  { name: 'failOpen', why: 'Runs a function that must not throw; the function is counted.' },
];

/** Whether a function is a helper, or is written within one. */
export function isHelper({ file, name, within, isGetter }: SourceFunction): boolean {
  return isGetter || HELPERS.some((helper) => isOf(helper, file, [name, ...within]));
}

/** The helpers that are not in src: their lines can go. */
export function unknownHelpers(functions: readonly SourceFunction[]): Helper[] {
  return HELPERS.filter((helper) => !functions.some(({ file, name }) => isOf(helper, file, [name])));
}

function isOf({ folder, file, name }: Helper, path: string, names: readonly string[]): boolean {
  return (
    (folder !== undefined && path.startsWith(`${folder}/`)) ||
    (file !== undefined && `/${path}`.endsWith(`/${file}`)) ||
    (name !== undefined && names.includes(name))
  );
}
