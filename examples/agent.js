// A small research agent. It knows nothing of budgets, prices or telemetry: it is what you would run anyway.
//
//   node --require otel-token-budget/register examples/agent.js
//
// It speaks to OpenAI, or to the server that OPENAI_BASE_URL names.
import { readFile } from 'node:fs/promises';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import OpenAI from 'openai';

const { notes, questions } = JSON.parse(await readFile(new URL('archive.json', import.meta.url), 'utf8'));

const MODEL = process.env.DEMO_MODEL ?? 'gpt-5.2';
const MAX_STEPS = 6;

const client = new OpenAI();

// Steps of its own, as a traced program has them. Without OpenTelemetry these do nothing.
const tracer = trace.getTracer('lighthouse-agent');

async function step(name, attributes, run) {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

const tools = [
  {
    type: 'function',
    function: {
      name: 'search_notes',
      description: 'Finds the notes of the archive that have all words of a query.',
      parameters: {
        type: 'object',
        properties: { query: { type: 'string', description: 'One to three words' } },
        required: ['query'],
        additionalProperties: false,
      },
    },
  },
  {
    type: 'function',
    function: {
      name: 'add_numbers',
      description: 'Adds numbers exactly.',
      parameters: {
        type: 'object',
        properties: { numbers: { type: 'array', items: { type: 'number' } } },
        required: ['numbers'],
        additionalProperties: false,
      },
    },
  },
];

const implementations = {
  search_notes({ query }) {
    const words = String(query).toLowerCase().split(/\W+/).filter(Boolean);
    return notes.filter((note) => words.every((word) => note.toLowerCase().includes(word)));
  },
  add_numbers({ numbers }) {
    return numbers.reduce((sum, number) => sum + number, 0);
  },
};

async function runTool(call) {
  const { name } = call.function;
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name };
  return step(`execute_tool ${name}`, attributes, async () => useTool(name, call));
}

function useTool(name, call) {
  try {
    const args = JSON.parse(call.function.arguments);
    const result = implementations[name](args);
    console.log(`  ${name}(${call.function.arguments}) -> ${describe(result)}`);
    return JSON.stringify(result);
  } catch (error) {
    console.log(`  ${name}: ${error.message}`);
    return JSON.stringify({ error: error.message });
  }
}

function describe(result) {
  return Array.isArray(result) ? `${result.length} notes` : String(result);
}

async function research(messages) {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const completion = await client.chat.completions.create({ model: MODEL, messages, tools });
    const { message } = completion.choices[0];
    messages.push(message);
    if (!message.tool_calls?.length) return message.content;
    for (const call of message.tool_calls) {
      messages.push({ role: 'tool', tool_call_id: call.id, content: await runTool(call) });
    }
  }
  return 'no finding';
}

async function answer(messages) {
  messages.push({
    role: 'user',
    content: 'Write the answer for a visitor, one sentence on each lighthouse.',
  });
  const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true });
  let text = '';
  process.stdout.write('  ');
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta?.content ?? '';
    text += delta;
    process.stdout.write(delta);
  }
  process.stdout.write('\n');
  messages.push({ role: 'assistant', content: text });
  return text;
}

async function summarize(text) {
  const response = await client.responses.create({
    model: MODEL,
    instructions: 'Summarize in one sentence.',
    input: text,
  });
  return response.output_text;
}

const summaries = [];
const messages = [
  {
    role: 'system',
    content:
      'You answer questions about the lighthouses of an island from the notes of its archive. ' +
      'Search the notes first, add numbers with the tool, never from memory, then state what you found.',
  },
];

try {
  for (const [index, question] of questions.entries()) {
    console.log(`\nQuestion ${index + 1}: ${question}`);
    messages.push({ role: 'user', content: question });
    await step(`question ${index + 1}`, { 'gen_ai.operation.name': 'invoke_agent' }, async () => {
      console.log(`  found: ${await research(messages)}`);
      summaries.push(await summarize(await answer(messages)));
      console.log(`  summary: ${summaries.at(-1)}`);
    });
  }
  console.log(`\nDone: ${summaries.length} of ${questions.length} questions answered.`);
} catch (error) {
  if (error.code !== 'token_budget_exceeded') throw error;
  console.log(`\nStopped: ${error.message}`);
  console.log(`Answered until then: ${summaries.length} of ${questions.length} questions.`);
  for (const summary of summaries) console.log(`  - ${summary}`);
}
