const openai = require('openai');

void import('./replay-body.js').then(({ replay }) =>
  replay({ OpenAI: openai.OpenAI, AzureOpenAI: openai.AzureOpenAI }),
);
