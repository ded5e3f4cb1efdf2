import * as openai from 'openai';
import { replay } from './replay-body.js';

await replay({ OpenAI: openai.default, AzureOpenAI: openai.AzureOpenAI });
