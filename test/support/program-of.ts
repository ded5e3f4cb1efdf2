/** The kinds of modules of a program. */
export type ProgramKind = 'ES modules' | 'CommonJS';

/** The script of a program, and the files beside it. */
export interface Program {
  readonly script: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Returns a program for `runScript` that loads packages with `load(name)`: with `import`, or with `require`. */
export function programOf(kind: ProgramKind, code: string): Program {
  if (kind === 'ES modules') return { script: `const load = (name) => import(name);${code}`, files: {} };
  return {
    script:
      "Object.assign(globalThis, { url, replay, CHAT, print, failure }); await import('./application.cjs');",
    files: {
      'application.cjs': `const load = async (name) => require(name); (async () => { ${code} })();`,
    },
  };
}
