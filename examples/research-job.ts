// A research job with several steps, tools and streams, which survives its process.
//
//   token-budget job run examples/research-job.ts --id research --work-minutes 15
//   token-budget job resume research
//
// It calls OpenAI, or the server that OPENAI_BASE_URL names.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { callText, defineJob, type Step, type StepContext } from 'otel-token-budget/jobs';

type Messages = OpenAI.Chat.ChatCompletionMessageParam[];
const MODEL = process.env['DEMO_MODEL'] ?? 'gpt-5.2';
const MAX_TURNS = 6;

const archive = JSON.parse(readFileSync(new URL('archive.json', import.meta.url), 'utf8')) as {
  notes: string[];
  questions: string[];
};
const client = new OpenAI();

const tools = {
  search_notes({ query }: { query: string }): string[] {
    const words = query.toLowerCase().split(/\W+/).filter(Boolean);
    return archive.notes.filter((note) => words.every((word) => note.toLowerCase().includes(word)));
  },
  add_numbers({ numbers }: { numbers: number[] }): number {
    return numbers.reduce((sum, number) => sum + number, 0);
  },
};

const definitions: OpenAI.Chat.ChatCompletionTool[] = [
  tool('search_notes', 'Finds the notes of the archive that have all words of a query.', {
    query: { type: 'string', description: 'One to three words' },
  }),
  tool('add_numbers', 'Adds numbers exactly.', { numbers: { type: 'array', items: { type: 'number' } } }),
];

function tool(name: string, description: string, properties: object): OpenAI.Chat.ChatCompletionTool {
  const parameters = {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
  return { type: 'function', function: { name, description, parameters } };
}

/** Asks the model, runs the tools that it calls, and returns the conversation. */
async function search(question: string, context: StepContext): Promise<Messages> {
  console.log(`${context.step}: ${question}`);
  const messages: Messages = [
    {
      role: 'system',
      content: 'You answer from the notes of an archive. Search first, and add numbers with the tool.',
    },
    { role: 'user', content: question },
  ];
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const { choices } = await client.chat.completions.create(
      { model: MODEL, messages, tools: definitions },
      { signal: context.signal },
    );
    const message = choices[0]?.message;
    if (message === undefined) break;
    messages.push(message);
    if (message.tool_calls === undefined) break;
    for (const call of message.tool_calls) {
      if (call.type !== 'function') continue;
      const { name, arguments: args } = call.function;
      const use = Reflect.get(tools, name) as (given: unknown) => unknown;
      const found = await context.tool(name, () => use(JSON.parse(args)));
      messages.push({ role: 'tool', tool_call_id: call.id, content: JSON.stringify(found) });
    }
  }
  return messages;
}

/** Streams a long text; the part received so far is saved in case the budget ends it. */
async function read(found: Messages, context: StepContext): Promise<string> {
  console.log(
    `${context.step}: ${(await context.statusMessage({ format: 'compact' })).replace('[token-budget] ', '')}`,
  );
  const ask = {
    role: 'user' as const,
    content: 'Write the answer for a visitor, one sentence on each lighthouse.',
  };
  const stream = await client.chat.completions.create(
    { model: MODEL, messages: [...found, ask], stream: true, max_completion_tokens: 400 },
    { signal: context.signal },
  );
  let text = '';
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    context.savePartial(text);
  }
  return text;
}

const questions = archive.questions.slice(0, 3);

export default defineJob({
  name: 'research',
  description: 'Answers questions from an archive and summarizes the answers',
  *steps() {
    const searches = questions.map(
      (question, index): Step => ({
        name: `search/${index + 1}`,
        retries: 2,
        run: (context) => search(question, context),
      }),
    );
    const found = (yield searches) as Messages[];
    const texts: string[] = [];
    for (const [index, messages] of found.entries()) {
      const text = (yield {
        name: `read/${index + 1}`,
        run: (context: StepContext) => read(messages, context),
      }) as string;
      texts.push(text);
    }
    const summary = yield {
      name: 'summarise',
      budget: { costUsd: 0.01 },
      run: async (context: StepContext) => {
        const instructions = `Summarize in one sentence.\n${await context.statusMessage({ format: 'compact' })}`;
        const body = { model: MODEL, instructions, input: texts.join('\n') };
        const { text } = await callText(client, body, { signal: context.signal });
        console.log(`${context.step}: ${text}`);
        return text;
      },
    };
    return summary;
  },
});
