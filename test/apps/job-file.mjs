/**
 * A job for the command. Environment: REPLAY_URL, JOBS (the built jobs), HOLD (a step that waits until it is told to stop).
 */
import OpenAI from 'openai';

const { defineJob } = await import(process.env.JOBS);
const client = new OpenAI({ apiKey: 'sk-test', baseURL: `${process.env.REPLAY_URL}/v1`, maxRetries: 0 });
const call = ({ step, signal }) =>
  client.chat.completions.create(
    { model: 'gpt-5.2', max_tokens: 60, messages: [{ role: 'user', content: 'A secret question.' }] },
    { headers: { 'x-replay-id': 'one', 'x-step': step }, signal },
  );

export default defineJob({
  name: 'research',
  steps: [
    {
      name: 'search',
      run: async (context) => {
        await context.tool('look_up', () => 'found');
        await call(context);
        return context.input;
      },
    },
    {
      name: 'read',
      run: async (context) => {
        await call(context);
        context.savePartial('half of it');
        console.log('reading');
        if (process.env.HOLD)
          await new Promise((_, reject) =>
            context.signal.addEventListener('abort', () => reject(context.signal.reason)),
          );
        return 'all of it';
      },
    },
    { name: 'summarise', run: async (context) => (await call(context)).choices[0].message.content },
  ],
});
