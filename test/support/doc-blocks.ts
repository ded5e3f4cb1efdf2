import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO_ROOT } from './paths.ts';

/** Returns the block of a page of docs/ that begins with a comment with the name of its file. */
export function fileOfPage(page: string, file: string): string {
  const code = blocksOf(page).find((block) => block.startsWith(`// ${file}\n`));
  if (code === undefined) throw new Error(`docs/${page} has no block that begins with // ${file}`);
  return code;
}

/** Returns the arguments of the first command of a page that starts with `node` and has a word, without the script. */
export function nodeArgsOfPage(page: string, word: string): string[] {
  const lines = blocksOf(page).flatMap((block) => block.split('\n'));
  const command = lines.find((line) => line.startsWith('node ') && line.includes(word));
  if (command === undefined) throw new Error(`docs/${page} has no node command with ${word}`);
  return command.split(' ').slice(1, -1);
}

/** Returns the arguments of each command of a page that starts a script with `node`, without the script. */
export function nodeCommandsOfPage(page: string, script: string): string[][] {
  const lines = blocksOf(page).flatMap((block) => block.split('\n'));
  return lines.flatMap((line) => {
    const [, args] = /^(?:\w+=\S+ )*node (.+) (\S+)$/.exec(line) ?? [];
    return args === undefined || !line.endsWith(` ${script}`) ? [] : [args.split(' ')];
  });
}

function blocksOf(page: string): string[] {
  const text = readFileSync(join(REPO_ROOT, 'docs', page), 'utf8');
  return [...text.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, code = '']) => code);
}
