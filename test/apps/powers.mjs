import OpenAI from 'openai';
import { run } from './powers-body.js';

await run({ OpenAI });
