import { LAYERS, type Layer } from './layers.ts';

/** Something excepted from a rule, with the reason why. */
export type Exceptions = Readonly<Record<string, string>>;

/** What the tree is held to. Paths are from the root. An exception that is needed no longer is a violation too. */
export interface Rules {
  /** Folders that are another program and not looked at. */
  readonly excluded: readonly string[];
  /** `.ts` files in a folder, index.ts included, sub-folders not. */
  readonly mostFiles: number;
  readonly wideFolders: Exceptions;
  readonly mostLines: number;
  readonly longFiles: Exceptions;
  /** Files that others may import or start past their folder's index. */
  readonly entryModules: Exceptions;
  /** Exported functions whose name may be one bare word. */
  readonly bareWords: Exceptions;
  readonly layers: readonly Layer[];
}

/** The rules of src. */
export const RULES: Rules = {
  excluded: ['cli/report/browser'],
  mostFiles: 12,
  wideFolders: {},
  mostLines: 300,
  longFiles: {
    'budget/tracker/tracker.ts':
      'The class that host code holds: a third of its lines is docstrings and examples.',
    'calls/call.ts': 'The whole life of a call, to be read from top to bottom.',
    'telemetry/names/semconv.ts':
      'A table: a line and a description for each name, from which docs/telemetry.md is made.',
  },
  entryModules: {},
  bareWords: {
    html: 'The tag of a template: html`<p>`.',
    flush: 'The word of every SDK for it.',
    load: 'Node looks for a hook of this name in a loader.',
  },
  layers: LAYERS,
};
