import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { satisfiesRange } from '../../src/util/index.ts';
import { NODE } from '../support/paths.ts';
import { command, MAIN, testDirectory } from './run-cli.ts';

const SUBCOMMANDS = ['run', 'status', 'top', 'report', 'raise', 'reset', 'count', 'price', 'doctor'];

describe('the command', { concurrency: 2 }, () => {
  const directory = testDirectory();

  it('prints its version, and its subcommands', async () => {
    const [version, help] = await Promise.all([command(['--version']), command(['--help'])]);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
    assert.deepEqual([version.code, help.code, help.stderr], [0, 0, '']);
    for (const name of SUBCOMMANDS) assert.match(help.stdout, new RegExp(`^ {2}${name}\\b`, 'm'));
  });

  for (const name of SUBCOMMANDS) {
    it(`prints the help of ${name}`, async () => {
      const { code, stdout } = await command([name, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: token-budget ${name}\\b`));
    });
  }

  const db = `sqlite:${directory.path}/none.db`;
  const notJson = directory.write('settings.json', '{');
  for (const [args, code, says] of [
    [['nosuch'], 64, /unknown command 'nosuch'/],
    [['status', '--nosuch'], 64, /unknown option '--nosuch'/],
    [['price'], 64, /missing required argument 'model'/],
    [['status'], 64, /^token-budget: No shared store given: .*TOKEN_BUDGET_STORE/],
    [['status', '--store', 'memory'], 64, /Pass --store sqlite:PATH/],
    [
      ['status', '--store', 'postgres://x'],
      64,
      /^token-budget: --store: got "postgres:\/\/x", expected memory, sqlite:PATH/,
    ],
    [['status', '--store', db], 1, /^token-budget: There is no ledger .*none\.db/],
    [['status', '--store', 'redis://:secret@127.0.0.1:1'], 1, /Redis at 127\.0\.0\.1:1 cannot be reached/],
    [['status', '--config', notJson], 78, /TOKEN_BUDGET_CONFIG: got ".*settings\.json", which is not JSON/],
    [['raise', 'a', '--store', db], 64, /Say by how much: pass --usd, --tokens, --calls or --minutes/],
    [['raise', 'a', '--usd', '-1', '--store', db], 64, /--usd: got "-1", expected a number above 0/],
    [
      ['raise', 'a', '--tokens', '1.5', '--store', db],
      64,
      /--tokens: got "1\.5", expected a whole number above 0/,
    ],
    [['top', '--store', db], 64, /top needs a terminal; use `token-budget status`/],
    [['top', '--interval', 'x'], 64, /--interval: got "x", expected a number of seconds/],
    [['count', 'nosuch.txt', '--model', 'gpt-4o'], 64, /Cannot read "nosuch\.txt"/],
    [['count', notJson], 64, /No model given: pass --model NAME/],
    [
      ['count', notJson, '--model', 'gpt-4o', '--output', 'many'],
      64,
      /--output: got "many", expected a whole number of tokens/,
    ],
    [['report', 'nosuch.jsonl'], 64, /There is no file "nosuch\.jsonl": expected a file of OTLP JSON lines/],
    [['report', notJson], 64, /line 1 is not a JSON object/],
    [['run', '--usd', 'abc', '--', 'node'], 64, /^token-budget: --usd: got "abc", expected a number of USD/],
    [['run', '--mode', 'hard', '--', 'node'], 64, /Allowed choices are observe, soft, strict/],
    [['run', '--config', notJson, '--', 'node'], 64, /^token-budget: --config: got ".*", which is not JSON/],
  ] as const) {
    it(`refuses: ${args.join(' ').replaceAll(directory.path, '')}`, async () => {
      const { code: ended, stdout, stderr } = await command(args, { cwd: directory.path });
      assert.match(stderr, says);
      assert.deepEqual([ended, stdout], [code, '']);
      assert.ok(!stderr.includes('secret'), 'no password is shown');
      assert.ok(!/^\s+at /m.test(stderr), 'no stack is shown');
    });
  }

  it('prints prices, those of the settings included', async () => {
    const config = directory.write(
      'prices.json',
      '{ "prices": { "mine": { "input": 2, "output": 8 } }, "unknownModel": "error" }',
    );
    const [known, own, unknown] = await Promise.all([
      command(['price', 'gpt-4o-mini', '--json']),
      command(['price', 'mine', '--config', config]),
      command(['price', 'theirs', '--config', config]),
    ]);
    const { tiers, source } = JSON.parse(known.stdout);
    assert.deepEqual(
      [tiers[0].usdPerMillion.input, tiers[0].usdPerMillion.output, source],
      [0.15, 0.6, 'book'],
    );
    assert.match(own.stdout, /mine \(price: override\).*\n {2}input 2, cached input 2, output 8/);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /No price is known for the model "theirs"\. Give its price/);
  });

  it('counts a text, a request and a batch, and prices them', async () => {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Count me, please.' }] };
    const line = JSON.stringify({ custom_id: '1', method: 'POST', url: '/v1/chat/completions', body });
    const files = {
      text: directory.write('a.txt', 'Count me, please.'),
      request: directory.write('request.json', JSON.stringify(body, null, 2)),
      batch: directory.write('batch.jsonl', `${line}\n${line}\n`),
    };
    const counted = async (args: readonly string[], stdin?: string) =>
      JSON.parse((await command(['count', ...args, '--json'], stdin === undefined ? {} : { stdin })).stdout);
    const [text, request, batch, piped] = await Promise.all([
      counted([files.text, '--model', 'gpt-4o-mini']),
      counted([files.request, '--output', '1000']),
      counted([files.batch, '--output', '1000']),
      counted(['-', '--model', 'gpt-4o-mini'], 'Count me, please.'),
    ]);
    assert.deepEqual([text.kind, text.inputTokens, text.costUsd], ['text', 5, 7.5e-7]);
    assert.equal(piped.inputTokens, 5);
    // Three of a message and its role, and three that prime the answer.
    assert.deepEqual([request.kind, request.inputTokens, request.outputTokens], ['chat', 12, 1_000]);
    assert.equal(request.costUsd, 12 * 0.15e-6 + 1_000 * 0.6e-6);
    assert.deepEqual(
      [batch.requests, batch.inputTokens, batch.outputTokens, batch.batch],
      [2, 24, 2_000, true],
    );
    assert.ok(Math.abs(batch.costUsd - request.costUsd) < 1e-12, 'two at half the price');
  });

  it('ends quietly if its output is closed early', async () => {
    const child = spawn(NODE, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    await once(child, 'close');
    assert.equal(stderr, '');
  });
});

describe('a range of versions', () => {
  for (const [version, range, is] of [
    ['22.22.2', '^22.22.3 || ^24.11.1 || >=26', false],
    ['22.22.3', '^22.22.3 || ^24.11.1 || >=26', true],
    ['23.9.0', '^22.22.3 || ^24.11.1 || >=26', false],
    ['24.21.0', '^22.22.3 || ^24.11.1 || >=26', true],
    ['30.0.0-nightly', '^22.22.3 || ^24.11.1 || >=26', true],
    ['4.18.9', '>=4.19 <8', false],
    ['4.104.0', '>=4.19 <8', true],
    ['8.0.0', '>=4.19 <8', false],
  ] as const) {
    it(`${range} ${is ? 'has' : 'has not'} ${version}`, () =>
      assert.equal(satisfiesRange(version, range), is));
  }
});
