/**
 * An application under test: many workers that call until the budget refuses. Prints `ready` before the first call, and at the
 * end how many calls were answered and how many workers were refused.
 *
 * Environment: REPLAY_URL, WORKERS, MAX_CALLS (of one worker); BLOCK_MS and BLOCK_TIMES: for how long the event loop is
 * blocked, and how often.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';

const client = new OpenAI({ apiKey: 'sk-test', baseURL: `${process.env.REPLAY_URL}/v1`, maxRetries: 0 });
const body = { model: 'gpt-5.2', max_tokens: 120, messages: [{ role: 'user', content: 'Spend it.' }] };

let answered = 0;
let refused = 0;
const errors = {};

async function work() {
  for (let call = 0; call < Number(process.env.MAX_CALLS ?? 1_000); call += 1) {
    try {
      await client.chat.completions.create(body, { headers: { 'x-replay-id': 'spend' } });
      answered += 1;
    } catch (error) {
      if (error.code === 'token_budget_exceeded') {
        refused += 1;
        return;
      }
      errors[error.code ?? error.constructor.name] = (errors[error.code ?? error.constructor.name] ?? 0) + 1;
      if (error.code === 'token_budget_store_unavailable') return;
      // Until it is restored: this does not count as one of the calls.
      if (error.code === 'token_budget_ledger_lost') {
        call -= 1;
        await sleep(20);
      }
    }
  }
}

function block(times) {
  if (times === 0) return;
  for (const until = performance.now() + Number(process.env.BLOCK_MS); performance.now() < until; );
  setTimeout(block, 5, times - 1);
}

process.stdout.write('ready\n');
setTimeout(block, 5, Number(process.env.BLOCK_TIMES ?? 0));
await Promise.all(Array.from({ length: Number(process.env.WORKERS) }, work));
process.stdout.write(`${JSON.stringify({ answered, refused, errors })}\n`);
