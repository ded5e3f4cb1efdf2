import type { SourceFunction } from './build.ts';

/** Functions that a reader who follows a call does not step into. They are left out of the counts. */
export interface Helper {
  /** A file whose functions they are, by its name alone: folders may move. */
  readonly file?: string;
  /** A function, wherever it is. */
  readonly name?: string;
  readonly why: string;
}

/** The helpers. Getters are too: they read a field. */
export const HELPERS: readonly Helper[] = [
  {
    file: 'maybe-promise.ts',
    why: 'Passes a value on, at once or later; the function that it is passed to is counted.',
  },
  { file: 'values.ts', why: 'Reads a field of a request as a text, a list or an object.' },
  {
    file: 'read-usage.ts',
    why: 'Reads and checks the kinds of tokens of a `usage` object, a function for each field.',
  },
  { file: 'token-usage.ts', why: 'Makes a usage of its kinds, or adds them up.' },
  { file: 'json.ts', why: 'Parses a text, or reads a list of objects.' },
  { name: 'canonical', why: 'Writes the body of a checkpoint, a function for each value in it.' },
  { name: 'isRecord', why: 'Asks whether a value is an object.' },
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

function isOf({ file, name }: Helper, path: string, names: readonly string[]): boolean {
  return (
    (file !== undefined && `/${path}`.endsWith(`/${file}`)) || (name !== undefined && names.includes(name))
  );
}
