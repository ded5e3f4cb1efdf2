import { posix } from 'node:path';
import type { Build, Entry, SourceFunction } from './build.ts';
import { isHelper } from './helpers.ts';

/** How far a reader goes. All but `entries` are counted without helpers. */
export interface Counts {
  readonly entries: number;
  readonly withoutHelpers: number;
  readonly files: number;
  /** How often a function of another file is entered than the one before. */
  readonly changesOfFile: number;
  readonly changesOfFolder: number;
}

/** Counts what was entered. */
export function countsOf(entries: readonly Entry[], functions: readonly SourceFunction[]): Counts {
  const files = entries
    .map(({ id }) => functionOf(id, functions))
    .filter((one) => !isHelper(one))
    .map(({ file }) => file);
  return {
    entries: entries.length,
    withoutHelpers: files.length,
    files: new Set(files).size,
    changesOfFile: changesOf(files),
    changesOfFolder: changesOf(files.map((file) => posix.dirname(file))),
  };
}

function changesOf(places: readonly string[]): number {
  return places.filter((place, index) => index > 0 && place !== places[index - 1]).length;
}

/** A line for each function entered, helpers left out, indented below the one that called it. The file is named where it changes. */
export function treeOf(entries: readonly Entry[], { functions, functionAt }: Build): string {
  const lines: string[] = [];
  /** Of each function that is not a helper or was called by one, how deep it was entered last. */
  const depths = new Map<number, number>();
  let file = '';
  for (const { id, caller } of entries) {
    const entered = functionOf(id, functions);
    const callerId = caller === undefined ? undefined : functionAt(caller);
    const above = callerId === undefined ? -1 : (depths.get(callerId) ?? -1);
    const isLeftOut = isHelper(entered);
    // What a helper calls is below what called the helper.
    depths.set(id, isLeftOut ? above : above + 1);
    if (isLeftOut) continue;
    const place = entered.file === file ? '' : `  ${entered.file}`;
    lines.push(`${'  '.repeat(above + 1)}${nameOf(entered)}${place}\n`);
    file = entered.file;
  }
  return `${lines.join('')}\n`;
}

function nameOf({ name, within }: SourceFunction): string {
  return name === 'callback' ? `(in ${within.findLast((one) => one !== 'callback') ?? 'the module'})` : name;
}

function functionOf(id: number, functions: readonly SourceFunction[]): SourceFunction {
  const found = functions[id];
  if (found === undefined) throw new Error(`no function ${id}`);
  return found;
}
