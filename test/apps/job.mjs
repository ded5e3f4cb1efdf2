/**
 * An application under test: a job of many steps, each of some calls. Prints `ready` before it begins, `step NAME RUN` as steps begin,
 * and its result as the last line.
 *
 * Environment: REPLAY_URL, JOBS (the built jobs), STEPS, CALLS (of a step), STORE, DIRECTORY, PAYLOAD, SLOW_MS (before each call).
 */
import OpenAI from 'openai';

const { JOBS, REPLAY_URL, STEPS, CALLS, STORE, DIRECTORY, PAYLOAD, SLOW_MS = '0' } = process.env;
const { defineJob, runJob } = await import(JOBS);
const client = new OpenAI({ apiKey: 'sk-test', baseURL: `${REPLAY_URL}/v1`, maxRetries: 0 });
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function work({ step, signal, savePartial }) {
  console.log(`step ${step}`);
  for (let call = 1; call <= Number(CALLS); call += 1) {
    const body = { model: 'gpt-5.2', max_tokens: 60, messages: [{ role: 'user', content: 'Go on.' }] };
    const headers = { 'x-replay-id': step, 'x-step': step, 'x-process': String(process.pid) };
    await client.chat.completions.create(body, { headers, signal });
    savePartial({ calls: call });
    await sleep(Number(SLOW_MS));
  }
  return { done: step, by: process.pid };
}

const steps = Array.from({ length: Number(STEPS) }, (_, at) => ({ name: `step-${at + 1}`, run: work }));
const job = defineJob({ name: 'crashing', steps });
console.log('ready');
const result = await runJob(job, JSON.parse(PAYLOAD), {
  id: 'crashing',
  unit: 'cost',
  ...(STORE ? { store: STORE } : {}),
  directory: DIRECTORY,
});
console.log(JSON.stringify(result));
