import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { REPO_ROOT } from '../support/paths.ts';

const program = new Command('token-budget').enablePositionalOptions();
for (const add of COMMANDS) add(program);

const pages = [
  'README.md',
  ...readdirSync(join(REPO_ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const commands = pages.flatMap((page) => {
  const text = readFileSync(join(REPO_ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code = '']) => code.split('\n'));
  return blocks.filter((line) => /^(npx )?token-budget /.test(line)).map((line) => ({ page, line }));
});

describe('the documentation of the command', () => {
  for (const { page, line } of commands) {
    it(`uses existing subcommands and options: ${page}: ${line}`, () => {
      const words = line.replace(/^npx /, '').split(/\s+/).slice(1);
      const subcommand = subcommandOf(program, words);
      assert.notEqual(subcommand, program, line);
      const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
      const options = subcommand.options.map(({ long }) => long);
      assert.deepEqual(
        own.filter((word) => word.startsWith('--') && !options.includes(word)),
        [],
      );
    });
  }

  it('describes every subcommand and every option', () => {
    const text = readFileSync(join(REPO_ROOT, 'docs', 'command.md'), 'utf8');
    const all = program.commands.flatMap((one) => [one, ...one.commands]);
    const words = all.flatMap((one) => [one.name(), ...one.options.map(({ long }) => long ?? '')]);
    assert.deepEqual(
      [...new Set(words)].filter((word) => !text.includes(word)),
      [],
    );
  });
});

/** Returns the subcommand that the first words name, or its own subcommand that the next word names. */
function subcommandOf(command: Command, [name, ...rest]: readonly string[]): Command {
  const found = command.commands.find((one) => one.name() === name);
  return found === undefined ? command : subcommandOf(found, rest);
}
